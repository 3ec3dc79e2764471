#include "sbert/data/record_file.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <unistd.h>

#include "sbert/base/files.h"
#include "sbert/base/message_of.h"
#include "sbert/data/text_object.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class RecordFiles : public testing::Test {
 protected:
  RecordFiles() {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~RecordFiles() override { fs::remove_all(folder_); }

  std::string file(const std::string& name, std::string_view bytes) {
    write_file_atomically(folder_ / name, bytes);
    return folder_ / name;
  }

  // "line: id title text" of each record, read one after the other, and again by its place.
  std::vector<std::string> read(const std::string& name, std::string_view bytes) {
    const TextFile texts(file(name, bytes));
    std::vector<std::string> records;
    RecordWalk walk(texts);
    while (walk.next()) {
      EXPECT_EQ(texts.record_at(texts.offset_of(walk.record())), walk.record());
      const TextObject object = walk.at_line([&] { return texts.read(walk.record()); });
      records.push_back(
          concat(walk.line(), ": ", object.id.value_or("-"), "|", object.title, "|", object.text));
    }
    return records;
  }

  std::string error_of(const std::string& name, std::string_view bytes) {
    return message_of(ErrorKind::kInput, [&] { read(name, bytes); })
        .substr(folder_.native().size() + 1);
  }

  fs::path folder_ = fs::path(testing::TempDir()) / concat("record_file_test-", ::getpid());
};

TEST_F(RecordFiles, OfEachFormGiveTheSameTexts) {
  const auto texts = ElementsAre("2: a|T|Tea, hot", "3: b||Bees");
  EXPECT_THAT(read("a.jsonl",
                   "\n{\"_id\": \"a\", \"title\": \"T\", \"text\": \"Tea, hot\"}\n"
                   "{\"id\": \"b\", \"text\": \"Bees\"}\n"),
              texts);
  EXPECT_THAT(read("a.json",
                   "[\n{\"_id\": \"a\", \"title\": \"T\", \"text\": \"Tea, hot\"},\n"
                   "{\"_id\": \"b\", \"text\": \"Bees\"}]"),
              texts);
  EXPECT_THAT(read("a.csv", "_id,title,text\r\na,T,\"Tea, hot\"\r\nb,,Bees"), texts);
  EXPECT_THAT(read("a.tsv", "_id\ttitle\ttext\na\tT\tTea, hot\r\nb\t\tBees\r\n"), texts);
  EXPECT_THAT(read("a.txt", "Tea, hot\r\n\nBees"),
              ElementsAre("1: -||Tea, hot", "2: -||", "3: -||Bees"));
}

TEST_F(RecordFiles, OfJsonAndCsvMayHaveRecordsOfSeveralLines) {
  EXPECT_THAT(read("a.json", "[{\n \"text\":\n \"x\"\n}, {\"text\": \"y\"}]"),
              ElementsAre("1: -||x", "4: -||y"));
  EXPECT_THAT(read("a.csv", "text\n\"x\ny\"\n\nz\n"), ElementsAre("2: -||x\ny", "5: -||z"));
}

TEST_F(RecordFiles, ThatAreNotUtf8NameLineAndByte) {
  const std::string advice = "; another encoding is converted as by: iconv -f LATIN1 -t UTF-8";
  EXPECT_EQ(error_of("a.txt", "a\ncaf\xE9\n"),
            "a.txt: line 2: not UTF-8: byte 4 of the line is 0xE9" + advice);
  EXPECT_EQ(error_of("a.tsv", "id\ttext\n1\tna\xEFve\n"),
            "a.tsv: line 2: not UTF-8: byte 5 of the line is 0xEF" + advice);
  EXPECT_EQ(error_of("a.csv", "id,text\n1,\"\nna\xEFve\"\n"),
            "a.csv: line 2: not UTF-8: byte 7 of the record is 0xEF" + advice);
  EXPECT_EQ(error_of("a.jsonl", "{\"text\": \"\xC3\xA9\"}\n{\"text\": \"\xE9\"}\n"),
            "a.jsonl: line 2: not UTF-8: byte 11 of the record is 0xE9" + advice);
  // Cut short, overlong, a surrogate.
  EXPECT_THAT(error_of("a.txt", "ab\xE2\x82"), HasSubstr("byte 3 of the line is 0xE2"));
  EXPECT_THAT(error_of("a.txt", "ab\xC0\x80"), HasSubstr("byte 3 of the line is 0xC0"));
  EXPECT_THAT(error_of("a.txt", "\xED\xA0\x80"), HasSubstr("byte 1 of the line is 0xED"));
  // UTF-16 without a byte order mark.
  EXPECT_THAT(error_of("a.txt", "a\0b\0\n\0"s), HasSubstr("line 1: not text: byte 2 of the line "
                                                          "is 0x00"));
}

TEST_F(RecordFiles, OfTablesMustNameAColumnText) {
  EXPECT_EQ(
      error_of("a.csv", "id,body\n1,a\n"),
      "a.csv: line 1: the first line of a table must name the columns, of which \"text\" is one "
      "(\"_id\" or \"id\" and \"title\" may be others); it has: id, body");
  EXPECT_THAT(error_of("a.tsv", "1\ta\n"), HasSubstr("it has: 1, a"));
  EXPECT_EQ(error_of("a.csv", "\n"), "a.csv: the file is empty");
}

TEST_F(RecordFiles, ThatAreGivenAFormatAreReadByIt) {
  const TextFile texts(file("a.csv", "id,text\n1,a\n"), InputFormat::kText);
  RecordWalk walk(texts);
  ASSERT_TRUE(walk.next());
  EXPECT_EQ(texts.read(walk.record()).text, "id,text");
}

TEST_F(RecordFiles, NameTheLineOfWhatIsNoRecord) {
  EXPECT_EQ(error_of("a.jsonl", "{\"text\": \"a\"}\nplain\n"),
            "a.jsonl: line 2: expected an object {...}, found: plain");
  EXPECT_EQ(error_of("a.json", "[\"a\"]"),
            "a.json: line 1: expected an object {...}, found: \"a\"]");
  EXPECT_EQ(error_of("a.csv", "text\na\n\"b\n"), "a.csv: line 3: a quoted field does not end");
}

}  // namespace
}  // namespace sbert
