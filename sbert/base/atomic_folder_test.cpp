#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "sbert/base/files.h"
#include "sbert/base/message_of.h"
#include "tests/support/folder_test.h"

namespace sbert {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

namespace fs = std::filesystem;

bool is_model_file(const fs::path& name) {
  return name.extension() == ".model";
}

class AtomicFolderTest : public FolderTest {};

TEST_F(AtomicFolderTest, TakesThePlaceOfAnOldOne) {
  make_folder(folder_ / "model");
  write(folder_ / "model" / "old.model", "1");
  AtomicFolder replacement(folder_ / "model/", is_model_file);
  write(replacement.temporary() / "new", "2");
  EXPECT_TRUE(fs::exists(folder_ / "model" / "old.model"));
  replacement.commit();
  EXPECT_EQ(read_file(folder_ / "model" / "new"), "2");
  EXPECT_FALSE(fs::exists(folder_ / "model" / "old.model"));
  EXPECT_THAT(names(), UnorderedElementsAre("model"));
}

TEST_F(AtomicFolderTest, MakesItsParents) {
  AtomicFolder made(folder_ / "x" / "model", is_model_file);
  write(made.temporary() / "a", "1");
  made.commit();
  EXPECT_EQ(read_file(folder_ / "x" / "model" / "a"), "1");
}

TEST_F(AtomicFolderTest, WithoutCommitLeavesNothing) {
  {
    AtomicFolder abandoned(folder_ / "model", is_model_file);
  }
  EXPECT_THAT(names(), UnorderedElementsAre());
}

TEST_F(AtomicFolderTest, TwoAtomicFoldersOfOneNameDoNotMix) {
  AtomicFolder first(folder_ / "model", is_model_file);
  write(first.temporary() / "a.model", "1");
  AtomicFolder second(folder_ / "model", is_model_file);
  write(second.temporary() / "b", "2");
  first.commit();
  EXPECT_TRUE(fs::exists(folder_ / "model" / "a.model"));
  EXPECT_FALSE(fs::exists(folder_ / "model" / "b"));
  second.commit();
  EXPECT_TRUE(fs::exists(folder_ / "model" / "b"));
  EXPECT_THAT(names(), UnorderedElementsAre("model"));
}

TEST_F(AtomicFolderTest, DoesNotReplaceAFile) {
  write(folder_ / "model", "precious");
  EXPECT_THAT(
      message_of(ErrorKind::kUsage, [&] { AtomicFolder made(folder_ / "model", is_model_file); }),
      EndsWith("model: is a file; a folder cannot take its place"));
  EXPECT_EQ(read_file(folder_ / "model"), "precious");
}

TEST_F(AtomicFolderTest, WhatIsNotReplacedStays) {
  const fs::path model = folder_ / "model";
  make_folder(model / "notes" / "deep");
  make_folder(model / "empty");
  make_folder(model / "part");
  write(model / "weights.model", "old");
  write(model / "part" / "weights.model", "old");
  write(model / "notes" / "deep" / "a.txt", "precious");
  write(model / "README", "mine");
  fs::create_symlink("notes/deep/a.txt", model / "link");
  fs::create_symlink("to nothing", model / "dangling");
  ASSERT_EQ(::mkfifo((model / "fifo").c_str(), 0600), 0);
  {
    AtomicFolder replacement(model, is_model_file);
    write(replacement.temporary() / "weights.model", "new");
    write(replacement.temporary() / "README", "the program's");
    write(model / "late.txt", "came meanwhile");
    replacement.commit();
  }
  EXPECT_EQ(read_file(model / "weights.model"), "new");
  EXPECT_FALSE(fs::exists(model / "part"));
  EXPECT_EQ(read_file(model / "notes" / "deep" / "a.txt"), "precious");
  EXPECT_EQ(read_file(model / "link"), "precious");
  EXPECT_TRUE(fs::is_symlink(model / "dangling"));
  EXPECT_TRUE(fs::is_fifo(model / "fifo"));
  EXPECT_EQ(read_file(model / "README"), "mine");
  EXPECT_EQ(read_file(model / "late.txt"), "came meanwhile");
  EXPECT_TRUE(fs::is_directory(model / "empty"));
  EXPECT_THAT(names(), UnorderedElementsAre("model"));
}

TEST_F(AtomicFolderTest, LinksToFoldersAreFollowed) {
  make_folder(folder_ / "model");
  fs::create_directory_symlink("model", folder_ / "link");
  for (const char* given : {"link", "link/"}) {
    AtomicFolder replacement(folder_ / given, is_model_file);
    write(replacement.temporary() / "a.model", given);
    replacement.commit();
    EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
    EXPECT_EQ(read_file(folder_ / "model" / "a.model"), given);
  }
  EXPECT_THAT(names(), UnorderedElementsAre("model", "link"));
}

TEST_F(AtomicFolderTest, TheFolderThatTheProgramRunsInIsRefusedBeforeTheWork) {
  make_folder(folder_ / "here" / "below");
  const fs::path before = fs::current_path();
  fs::current_path(folder_ / "here" / "below");
  for (const char* path : {".", "./", "..", "../", "../below", "/"}) {
    EXPECT_THAT(message_of(ErrorKind::kUsage, [&] { AtomicFolder made(path, is_model_file); }),
                HasSubstr("is or holds the folder that the program was started in"))
        << path;
  }
  AtomicFolder(fs::path("../beside"), is_model_file).commit();
  fs::current_path(before);
  EXPECT_TRUE(fs::is_directory(folder_ / "here" / "beside"));
}

TEST_F(AtomicFolderTest, PermissionsOfWhatIsReplacedStay) {
  make_folder(folder_ / "model");
  fs::permissions(folder_ / "model", fs::perms(0750));
  AtomicFolder(folder_ / "model", is_model_file).commit();
  EXPECT_EQ(fs::status(folder_ / "model").permissions(), fs::perms(0750));
}

}  // namespace
}  // namespace sbert
