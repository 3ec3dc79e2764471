#include "sbert/embed/npy.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/error.h"
#include "sbert/base/files.h"

namespace sbert {
namespace {

using testing::HasSubstr;

std::filesystem::path temp(const char* name) {
  return std::filesystem::path(testing::TempDir()) / name;
}

FloatMatrix matrix() {
  FloatMatrix m(2, 3);
  m.values = {1, 2, 3, 4, 5, 6.5F};
  return m;
}

TEST(Npy, IsTheFormatThatNumpyWrites) {
  write_npy(matrix(), temp("format.npy"));
  const std::string bytes = read_file(temp("format.npy"));
  // numpy.save of numpy.array([[1, 2, 3], [4, 5, 6.5]], "<f4"): 128 bytes of header.
  const std::string magic("\x93NUMPY\x01\x00\x76\x00", 10);
  const std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  EXPECT_EQ(bytes.substr(0, 10), magic);
  EXPECT_EQ(bytes.substr(10, text.size()), text);
  EXPECT_EQ(bytes.substr(10 + text.size(), 118 - text.size()),
            std::string(117 - text.size(), ' ') + "\n");
  EXPECT_EQ(bytes.size(), 128U + 24U);
}

TEST(Npy, ReadsBackWhatWasWritten) {
  write_npy(matrix(), temp("round.npy"));
  const FloatMatrix back = read_npy(temp("round.npy"));
  EXPECT_EQ(back.rows, 2);
  EXPECT_EQ(back.columns, 3);
  EXPECT_EQ(back.values, matrix().values);
}

TEST(Npy, RowsThatComeInPiecesMakeTheSameFile) {
  FloatMatrix many(1'001, 3);
  for (std::size_t i = 0; i < many.values.size(); ++i)
    many.values[i] = static_cast<float>(i);
  write_npy(many, temp("whole.npy"));
  NpyWriter writer(temp("pieces.npy"), 3);
  for (const std::int64_t rows : {1'000, 0, 1}) {
    FloatMatrix piece(rows, 3);
    const auto from = many.values.begin() + (rows == 1 ? 3'000 : 0);
    piece.values.assign(from, from + rows * 3);
    writer.append(piece);
  }
  writer.commit();
  EXPECT_EQ(read_file(temp("pieces.npy")), read_file(temp("whole.npy")));
}

TEST(Npy, NoRowsIsAFileToo) {
  write_npy(FloatMatrix(0, 384), temp("empty.npy"));
  EXPECT_EQ(read_npy(temp("empty.npy")).rows, 0);
}

std::string refusal(const std::string& bytes) {
  write_file_atomically(temp("bad.npy"), bytes);
  try {
    read_npy(temp("bad.npy"));
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "";
}

TEST(Npy, EveryFaultIsSaid) {
  write_npy(matrix(), temp("good.npy"));
  const std::string good = read_file(temp("good.npy"));
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string changed = good;
    return changed.replace(changed.find(from), from.size(), to);
  };
  EXPECT_THAT(refusal(""), HasSubstr("no .npy header"));
  EXPECT_THAT(refusal(good.substr(0, 60)), HasSubstr("cut short"));
  EXPECT_THAT(refusal(good.substr(0, good.size() - 1)), HasSubstr("2 x 3"));
  EXPECT_THAT(refusal(replaced("<f4", "<f8")), HasSubstr("'<f4'"));
  EXPECT_THAT(refusal(replaced("False", "True ")), HasSubstr("Fortran"));
  EXPECT_THAT(refusal(replaced("(2, 3)", "(2,)  ")), HasSubstr("two dimensions"));
  EXPECT_THAT(refusal(replaced("'shape': (2, 3), }",
                               "'shape': (4611686018427387904, 4611686018427387904)")),
              HasSubstr("too large"));
}

}  // namespace
}  // namespace sbert
