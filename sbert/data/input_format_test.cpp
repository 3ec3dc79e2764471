#include "sbert/data/input_format.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <unistd.h>

#include "sbert/base/concat.h"
#include "sbert/base/files.h"
#include "sbert/base/message_of.h"
#include "sbert/data/input_file.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;

class FindFormat : public testing::Test {
 protected:
  FindFormat() {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~FindFormat() override { fs::remove_all(folder_); }
  std::string of(const std::string& name, std::string_view bytes) {
    write_file_atomically(folder_ / name, bytes);
    const InputFile file(folder_ / name);
    return std::string(enum_name(find_format(file)));
  }
  fs::path folder_ = fs::path(testing::TempDir()) / concat("input_format_test-", ::getpid());
};

TEST_F(FindFormat, TakesTheWordOfTheName) {
  for (const char* name : {"a.jsonl", "a.JSONL", "a.ndjson", "a.json", "a.jsonl.gz"})
    EXPECT_EQ(of(name, "what ever\n"), "jsonl") << name;
  for (const char* name : {"a.csv", "a.CSV", "a.csv.gz"})
    EXPECT_EQ(of(name, "text\nwhat, ever\n"), "csv") << name;
  for (const char* name : {"a.tsv", "a.TSV", "a.tab"})
    EXPECT_EQ(of(name, "text\nwhat ever\n"), "tsv") << name;
  for (const char* name : {"a.txt", "a.TXT", "a.text", "a.txt.gz"})
    EXPECT_EQ(of(name, "what, ever {}\n"), "text") << name;
}

TEST_F(FindFormat, LooksIntoFilesOfOtherNames) {
  for (const char* name : {"a", "a.dat", "a.gz", "jsonl"}) {
    EXPECT_EQ(of(name, "\n {\"text\": 1}\n"), "jsonl") << name;
    EXPECT_EQ(of(name, "{\n  \"text\": 1}\n"), "jsonl") << name;
    EXPECT_EQ(of(name, "[\n{\"text\": 1}]\n"), "jsonl") << name;
    EXPECT_EQ(of(name, "id,text\n1,a\n"), "csv") << name;
    EXPECT_EQ(of(name, "\"id\",\"text\"\r\n1,a\n"), "csv") << name;
    EXPECT_EQ(of(name, "_id\ttitle\ttext\n1\tb\ta\n"), "tsv") << name;
    EXPECT_EQ(of(name, ""), "text") << name;
    EXPECT_EQ(of(name, "text\n"), "text") << name;
    EXPECT_EQ(of(name, "{name}, hello\n"), "text") << name;
    EXPECT_EQ(of(name, "[1] a source\n"), "text") << name;
    EXPECT_EQ(of(name, "this is text, and more\n"), "text") << name;
  }
}

TEST_F(FindFormat, RefusesContentOfAnotherFormThanTheName) {
  const auto message = [&](const std::string& name, std::string_view bytes) {
    return message_of(ErrorKind::kInput, [&] { of(name, bytes); });
  };
  EXPECT_EQ(message("a.txt", "{\"text\": \"a\"}\n"),
            concat(folder_ / "a.txt",
                   ": the name says that it is text, but it looks like jsonl; "
                   "give the file the right suffix, or say --input-format"));
  EXPECT_THAT(message("a.csv", "{\"text\": \"a\"}\n"), testing::HasSubstr("looks like jsonl"));
  EXPECT_THAT(message("a.csv", "id\ttext\n1\ta\n"), testing::HasSubstr("looks like tsv"));
  EXPECT_THAT(message("a.txt", "id,text\n1,a\n"), testing::HasSubstr("looks like csv"));
}

}  // namespace
}  // namespace sbert
