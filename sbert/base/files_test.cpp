#include "sbert/base/files.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

namespace fs = std::filesystem;

class Files : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    make_folder(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static void write(const fs::path& path, std::string_view text) { std::ofstream(path) << text; }

  fs::path folder_ = fs::path(testing::TempDir()) / "files_test";
};

TEST_F(Files, MappedFileShowsTheBytes) {
  write(folder_ / "a", std::string_view("x\0y\n", 4));
  const MappedFile file(folder_ / "a");
  EXPECT_EQ(file.bytes(), std::string_view("x\0y\n", 4));
  EXPECT_EQ(file.path(), folder_ / "a");
}

TEST_F(Files, MappedFileMayBeEmpty) {
  write(folder_ / "a", "");
  EXPECT_TRUE(MappedFile(folder_ / "a").bytes().empty());
}

TEST_F(Files, MappedFileMoves) {
  write(folder_ / "a", "first");
  write(folder_ / "b", "second");
  MappedFile first(folder_ / "a");
  MappedFile moved(std::move(first));
  EXPECT_EQ(moved.bytes(), "first");
  moved = MappedFile(folder_ / "b");
  EXPECT_EQ(moved.bytes(), "second");
  EXPECT_EQ(moved.path(), folder_ / "b");
}

TEST_F(Files, ReadingSaysWhyItCannot) {
  const auto mapped = [&](const fs::path& path) {
    return message_of(ErrorKind::kIo, [&] { MappedFile file(path); });
  };
  EXPECT_THAT(mapped(folder_ / "absent"),
              EndsWith("files_test/absent: cannot open: No such file or directory"));
  EXPECT_THAT(mapped(folder_), EndsWith("files_test: is a folder, not a file"));
  EXPECT_THAT(mapped("/dev/null"), EndsWith("/dev/null: is not a regular file"));
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { read_file(folder_ / "absent"); }),
              HasSubstr("cannot open"));
}

TEST_F(Files, ReadFileTakesAFileUpToItsLimit) {
  write(folder_ / "a", "12345");
  EXPECT_EQ(read_file(folder_ / "a"), "12345");
  EXPECT_EQ(read_file(folder_ / "a", 5), "12345");
  EXPECT_THAT(message_of(ErrorKind::kInput, [&] { read_file(folder_ / "a", 4); }),
              EndsWith("a: file is too long: 5 bytes, at most 4"));
}

TEST_F(Files, MakeFolderSaysWhyItCannot) {
  write(folder_ / "a", "");
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { make_folder(folder_ / "a" / "b"); }),
              HasSubstr("cannot make folder"));
}

}  // namespace
}  // namespace sbert
