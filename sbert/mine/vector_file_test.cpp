#include "sbert/mine/vector_file.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/base/message_of.h"
#include "sbert/mine/test_folder.h"

namespace sbert {
namespace {

using testing::HasSubstr;

class VectorFiles : public FolderTest {
 protected:
  static FloatMatrix counting(std::int64_t rows, std::int64_t columns, float first) {
    FloatMatrix matrix(rows, columns);
    for (float& value : matrix.values)
      value = first++;
    return matrix;
  }

  std::filesystem::path path_ = folder_ / "vectors";
};

TEST_F(VectorFiles, GiveBackTheRowsThatWereAppended) {
  VectorFile file(path_, 7, 5'000, 3);
  file.append(counting(2'000, 3, 0));
  file.append(counting(3'000, 3, 6'000));
  EXPECT_EQ(file.written(), 5'000);
  std::vector<float> row(3);
  file.read(4'321, row);
  EXPECT_THAT(row, testing::ElementsAre(12'963, 12'964, 12'965));
  const MappedRows rows(file, 1'999, 2);
  EXPECT_THAT(rows.view().row(0), testing::ElementsAre(5'997, 5'998, 5'999));
  EXPECT_THAT(rows.view().row(1), testing::ElementsAre(6'000, 6'001, 6'002));
}

TEST_F(VectorFiles, GoOnWhereTheLastRunEnded) {
  VectorFile(path_, 7, 10, 2).append(counting(4, 2, 1));
  VectorFile file(path_, 7, 10, 2);
  EXPECT_EQ(file.written(), 4);
  file.append(counting(6, 2, 9));
  std::vector<float> row(2);
  file.read(4, row);
  EXPECT_THAT(row, testing::ElementsAre(9, 10));
}

TEST_F(VectorFiles, BeginAnewForAnotherKeyOrShape) {
  const auto written = [&](std::uint64_t key, std::int64_t rows, std::int64_t columns) {
    VectorFile(path_, 7, 10, 2).append(counting(4, 2, 1));
    return VectorFile(path_, key, rows, columns).written();
  };
  EXPECT_EQ(written(7, 10, 2), 4);
  EXPECT_EQ(written(8, 10, 2), 0);
  EXPECT_EQ(written(7, 11, 2), 0);
  EXPECT_EQ(written(7, 10, 3), 0);
}

TEST_F(VectorFiles, BeginAnewIfCutShortOrNotBegun) {
  VectorFile(path_, 7, 10, 2).append(counting(10, 2, 1));
  std::filesystem::resize_file(path_, 4'096 + 79);
  EXPECT_EQ(VectorFile(path_, 7, 10, 2).written(), 0);
  std::ofstream(path_) << std::string(100, '\0');
  EXPECT_EQ(VectorFile(path_, 7, 10, 2).written(), 0);
}

TEST_F(VectorFiles, DoNotWriteOverSomethingElse) {
  const std::string text = "something else that is long enough to be a header, but is none";
  std::ofstream(path_) << text;
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { VectorFile(path_, 7, 10, 2); }),
              testing::HasSubstr("is no file of vectors"));
  EXPECT_EQ(read_file(path_), text);
}

TEST_F(VectorFiles, MayHaveNoRows) {
  const VectorFile file(path_, 7, 0, 2);
  EXPECT_EQ(MappedRows(file, 0, 0).view().rows, 0);
}

TEST_F(VectorFiles, AreOpenOnlyOnce) {
  const VectorFile file(path_, 7, 10, 2);
  try {
    const VectorFile other(path_, 7, 10, 2);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kIo);
    EXPECT_THAT(error.what(), HasSubstr("does another run use it?"));
  }
}

TEST_F(VectorFiles, RefuseRowsThatWereNotWritten) {
  VectorFile file(path_, 7, 10, 2);
  file.append(counting(4, 2, 1));
  std::vector<float> row(2);
  EXPECT_THROW(file.read(4, row), Error);
  EXPECT_THROW(MappedRows(file, 3, 2), Error);
  EXPECT_THROW(file.append(counting(7, 2, 1)), Error);
}

TEST_F(VectorFiles, NeedAFolder) {
  EXPECT_THROW(VectorFile(folder_ / "nosuch/vectors", 7, 10, 2), Error);
}

}  // namespace
}  // namespace sbert
