#include "sbert/data/file_patterns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/files.h"
#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::EndsWith;

class FindFiles : public testing::Test {
 protected:
  FindFiles() {
    std::filesystem::remove_all(folder_);
    make_folder(folder_ / "folder.json");
    for (const char* name : {"b.json", "a.json", "c.jsonl", "a.json.sbert-index", "[d].json"})
      write_file_atomically(folder_ / name, "x");
  }
  std::vector<std::string> names(const FilePatterns& patterns) const {
    FilePatterns whole;
    for (const std::string& each : patterns.patterns)
      whole.patterns.push_back(folder_ / each);
    std::vector<std::string> found;
    for (const std::filesystem::path& path : find_files(whole))
      found.push_back(path.filename());
    return found;
  }
  std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / "find_files";
};

TEST_F(FindFiles, APatternMatchesInOrderFilesThatAreNoIndexes) {
  EXPECT_THAT(names("*.json"), ElementsAre("[d].json", "a.json", "b.json"));
  EXPECT_THAT(names("*"), ElementsAre("[d].json", "a.json", "b.json", "c.jsonl"));
  EXPECT_THAT(names("?.json*"), ElementsAre("a.json", "b.json", "c.jsonl"));
  EXPECT_THAT(names("[bc].json"), ElementsAre("b.json"));
}

TEST_F(FindFiles, SeveralPatternsGiveEachFileOnce) {
  EXPECT_THAT(names(std::vector<std::string>{"c.jsonl", "[a-c].json*", "a.json"}),
              ElementsAre("c.jsonl", "a.json", "b.json"));
}

TEST_F(FindFiles, APathThatExistsIsNoPattern) {
  EXPECT_THAT(names("[d].json"), ElementsAre("[d].json"));
}

TEST_F(FindFiles, APatternThatMatchesNoneIsAnError) {
  for (const char* pattern : {"*.csv", "*.sbert-index", "folder.*"}) {
    EXPECT_THAT(message_of(ErrorKind::kIo, [&] { names(pattern); }),
                EndsWith(std::string(pattern) + ": no file matches this pattern"));
  }
}

TEST(FilePatterns, WithoutTextIsEmpty) {
  EXPECT_TRUE(FilePatterns().empty());
  EXPECT_TRUE(FilePatterns("").empty());
  EXPECT_FALSE(FilePatterns("a").empty());
  EXPECT_THAT(FilePatterns(std::filesystem::path("a")).patterns, ElementsAre("a"));
  EXPECT_THAT(FilePatterns(std::string("a")).patterns, ElementsAre("a"));
}

}  // namespace
}  // namespace sbert
