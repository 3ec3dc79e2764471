#include "sbert/base/files.h"

#include <fstream>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

namespace fs = std::filesystem;

class Files : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    make_folder(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      found.push_back(entry.path().filename());
    }
    return found;
  }
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

TEST_F(Files, AtomicFileAppearsOnCommit) {
  write(folder_ / "a", "old");
  AtomicFile file(folder_ / "a");
  file.write("new ");
  file.write("bytes");
  EXPECT_EQ(read_file(folder_ / "a"), "old");
  file.commit();
  EXPECT_EQ(read_file(folder_ / "a"), "new bytes");
  EXPECT_THAT(names(), UnorderedElementsAre("a"));
}

TEST_F(Files, AtomicFileWithoutCommitLeavesNothing) {
  write(folder_ / "a", "old");
  {
    AtomicFile(folder_ / "a").write("new");
  }
  EXPECT_EQ(read_file(folder_ / "a"), "old");
  EXPECT_THAT(names(), UnorderedElementsAre("a"));
}

TEST_F(Files, TwoAtomicFilesOfOneNameDoNotMix) {
  AtomicFile first(folder_ / "a");
  AtomicFile second(folder_ / "a");
  first.write("first, longer");
  second.write("second");
  first.commit();
  EXPECT_EQ(read_file(folder_ / "a"), "first, longer");
  second.commit();
  EXPECT_EQ(read_file(folder_ / "a"), "second");
  EXPECT_THAT(names(), UnorderedElementsAre("a"));
}

TEST_F(Files, AtomicFileNeedsAFolderAndNoFolderInItsPlace) {
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { AtomicFile file(folder_ / "no" / "a"); }),
              HasSubstr("no/a: cannot write"));
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { AtomicFile file(folder_); }),
              HasSubstr("is a folder"));
}

TEST_F(Files, AtomicFolderTakesThePlaceOfAnOldOne) {
  make_folder(folder_ / "model");
  write(folder_ / "model" / "old", "1");
  AtomicFolder replacement(folder_ / "model/");
  write(replacement.temporary() / "new", "2");
  EXPECT_TRUE(fs::exists(folder_ / "model" / "old"));
  replacement.commit();
  EXPECT_EQ(read_file(folder_ / "model" / "new"), "2");
  EXPECT_FALSE(fs::exists(folder_ / "model" / "old"));
  EXPECT_THAT(names(), UnorderedElementsAre("model"));
}

TEST_F(Files, AtomicFolderMakesItsParents) {
  AtomicFolder made(folder_ / "x" / "model");
  write(made.temporary() / "a", "1");
  made.commit();
  EXPECT_EQ(read_file(folder_ / "x" / "model" / "a"), "1");
}

TEST_F(Files, AtomicFolderWithoutCommitLeavesNothing) {
  {
    AtomicFolder abandoned(folder_ / "model");
  }
  EXPECT_THAT(names(), UnorderedElementsAre());
}

TEST_F(Files, TwoAtomicFoldersOfOneNameDoNotMix) {
  AtomicFolder first(folder_ / "model");
  write(first.temporary() / "a", "1");
  AtomicFolder second(folder_ / "model");
  write(second.temporary() / "b", "2");
  first.commit();
  EXPECT_TRUE(fs::exists(folder_ / "model" / "a"));
  EXPECT_FALSE(fs::exists(folder_ / "model" / "b"));
  second.commit();
  EXPECT_TRUE(fs::exists(folder_ / "model" / "b"));
  EXPECT_THAT(names(), UnorderedElementsAre("model"));
}

TEST_F(Files, AtomicFolderDoesNotReplaceAFile) {
  write(folder_ / "model", "precious");
  EXPECT_THAT(message_of(ErrorKind::kUsage, [&] { AtomicFolder made(folder_ / "model"); }),
              EndsWith("model: is a file; a folder cannot take its place"));
  EXPECT_EQ(read_file(folder_ / "model"), "precious");
}

TEST_F(Files, MakeFolderSaysWhyItCannot) {
  write(folder_ / "a", "");
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { make_folder(folder_ / "a" / "b"); }),
              HasSubstr("cannot make folder"));
}

}  // namespace
}  // namespace sbert
