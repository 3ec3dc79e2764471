#include "sbert/base/file_content.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using testing::HasSubstr;

std::string refusal(std::string_view bytes) {
  return message_of(ErrorKind::kInput, [&] { refuse_stand_in(bytes); });
}

TEST(FileContent, PointersOfGitLfsAreRefused) {
  EXPECT_THAT(refusal("version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 5\n"),
              HasSubstr("is a pointer of Git LFS, not the file itself"));
}

TEST(FileContent, PagesAreRefused) {
  for (const char* page : {"<!DOCTYPE html><html>", "\n <HTML lang=en>", "<!doctype HTML>",
                           "\xEF\xBB\xBF<html>", "<?xml version=\"1.0\"?><Error>"}) {
    EXPECT_THAT(refusal(page), HasSubstr("is an HTML or XML page")) << page;
  }
}

TEST(FileContent, VocabulariesAndOtherFilesAreNot) {
  for (const char* bytes : {"", "<s>\n<pad>\n", "<", "[PAD]\n[UNK]\n", "{}", "<htm", "version 1"})
    EXPECT_NO_THROW(refuse_stand_in(bytes)) << bytes;
}

TEST(FileContent, IsNamedByItsBeginning) {
  EXPECT_EQ(content_name(""), "empty");
  EXPECT_EQ(content_name("\x89HDF\r\n\x1a\n..."), "an HDF5 file, as TensorFlow writes");
  EXPECT_EQ(content_name("PK\x03\x04..."), "a zip file");
  EXPECT_EQ(content_name("Entry not found"), "text");
  EXPECT_EQ(content_name(std::string(257, 'x') + "ustar" + std::string(300, 'x')), "a tar archive");
  EXPECT_EQ(content_name(std::string("\x01\x00\x02", 3)), "binary data of no known form");
}

}  // namespace
}  // namespace sbert
