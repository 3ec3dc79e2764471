#include "sbert/data/text_lines.h"

#include <filesystem>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::FieldsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class TextLines : public testing::Test {
 protected:
  void SetUp() override { make_folder(folder_); }
  std::string file(const std::string& name, std::string_view bytes) {
    write_file_atomically(folder_ / name, bytes);
    return folder_ / name;
  }
  std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / "text_lines_test";
};

TEST_F(TextLines, PlainTextIsOneTextALine) {
  EXPECT_THAT(read_texts(file("a.txt", "one\ntwo\r\n\n  three ")),
              ElementsAre("one", "two", "", "  three "));
  EXPECT_THAT(read_texts(file("a.txt", "one\n")), ElementsAre("one"));
  EXPECT_THAT(read_texts(file("a.txt", "\xEF\xBB\xBF\n{\"text\":\"a\"}\n"), InputFormat::kText),
              ElementsAre("", "{\"text\":\"a\"}"));
  EXPECT_THAT(read_texts(file("a.txt", "")), IsEmpty());
}

TEST_F(TextLines, JsonLinesGiveTheirText) {
  EXPECT_THAT(
      read_texts(file("a.jsonl", "{\"text\": \"a\\nb\", \"id\": 1}\n\n \r\n{\"text\":\"\"}")),
      ElementsAre("a\nb", ""));
}

TEST_F(TextLines, ASourceGivesTheSameTextsInChunks) {
  const TextSource source(
      file("a.jsonl", "{\"text\":\"a\"}\n\n{\"text\":\"b\"}\n{\"text\":\"c\"}"));
  EXPECT_EQ(source.count(), 3);
  for (int pass = 0; pass < 2; ++pass) {
    std::vector<std::vector<std::string>> chunks;
    source.for_each_chunk(2, [&](const auto& texts) { chunks.push_back(texts); });
    EXPECT_THAT(chunks, ElementsAre(ElementsAre("a", "b"), ElementsAre("c")));
  }
  const TextSource empty(file("a.txt", ""));
  EXPECT_EQ(empty.count(), 0);
  empty.for_each_chunk(2, [](const auto&) { FAIL() << "there is no text"; });
}

// A bad line at the end of a large file is found before hours of work.
TEST_F(TextLines, ASourceLooksThroughTheWholeFileAtOnce) {
  const std::string path = file("a.jsonl", "{\"text\":\"a\"}\n{\"txt\":\"b\"}\n");
  EXPECT_THAT(message_of(ErrorKind::kInput, [&] { TextSource source(path); }),
              EndsWith("a.jsonl: line 2: text is missing"));
}

// An error of the one who takes the texts is not the file's.
TEST_F(TextLines, AnErrorInAChunkKeepsItsMessage) {
  const TextSource source(file("a.txt", "a\n"));
  EXPECT_EQ(message_of(ErrorKind::kIo,
                       [&] {
                         source.for_each_chunk(
                             1, [](const auto&) { fail(ErrorKind::kIo, "disk full"); });
                       }),
            "disk full");
}

TEST_F(TextLines, JsonErrorsNameTheLine) {
  const auto message = [&](std::string_view bytes) {
    return message_of(ErrorKind::kInput, [&] { read_texts(file("a.jsonl", bytes)); });
  };
  EXPECT_THAT(message("{\"text\":\"a\"}\n\n{\"txt\":\"b\"}\n"),
              EndsWith("a.jsonl: line 3: text is missing"));
  EXPECT_THAT(message("{\"text\":7}"),
              EndsWith("a.jsonl: line 1: text: must be a string: found a number"));
  EXPECT_THAT(message("plain\n"), HasSubstr("a.jsonl: line 1: expected an object"));
  EXPECT_THAT(message("{\"text\":\"a\"}}"), HasSubstr("line 1: "));
  EXPECT_THAT(message("{\"text\":\"a\""), HasSubstr("line 1: the file ends within this record"));
  EXPECT_THAT(message("[\"a\"]"), HasSubstr("line 1: expected an object"));
}

TEST_F(TextLines, MissingFileIsNamed) {
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { read_texts(folder_ / "absent.txt"); }),
              HasSubstr("absent.txt"));
}

/// Makes a file the standard input for as long as it lives.
class StdinFrom {
 public:
  explicit StdinFrom(const std::string& path) : saved_(::dup(STDIN_FILENO)) {
    const int descriptor = ::open(path.c_str(), O_RDONLY);
    ::dup2(descriptor, STDIN_FILENO);
    ::close(descriptor);
  }
  ~StdinFrom() {
    ::dup2(saved_, STDIN_FILENO);
    ::close(saved_);
  }
  StdinFrom(const StdinFrom&) = delete;
  StdinFrom& operator=(const StdinFrom&) = delete;

 private:
  int saved_;
};

TEST_F(TextLines, StdinTellsItsFormByItsFirstCharacter) {
  {
    const StdinFrom input(file("plain", "a\nb\n"));
    EXPECT_THAT(read_texts("-"), ElementsAre("a", "b"));
  }
  {
    const StdinFrom input(file("json", "\n {\"text\":\"a\"}\n"));
    EXPECT_THAT(read_texts("-"), ElementsAre("a"));
  }
  const StdinFrom input(file("broken", "{\"text\":1}\n"));
  EXPECT_EQ(message_of(ErrorKind::kInput, [&] { read_texts("-"); }),
            "stdin: line 1: text: must be a string: found a number");
}

TEST_F(TextLines, RecordsHaveIdsAndTitles) {
  EXPECT_THAT(read_text_records(file("c.jsonl",
                                     "{\"_id\":\"d1\",\"title\":\"T\",\"text\":\"x\"}\n"
                                     "{\"id\":42,\"title\":\"\",\"text\":\"y\"}\n"
                                     "{\"text\":\"z\",\"_id\":\"u\",\"id\":\"v\",\"more\":{}}\n"
                                     "{\"text\":\"w\"}\n")),
              ElementsAre(FieldsAre("d1", "T x"), FieldsAre("42", "y"), FieldsAre("u", "z"),
                          FieldsAre("4", "w")));
  EXPECT_THAT(read_text_records(file("c.txt", "a\n\nb")),
              ElementsAre(FieldsAre("1", "a"), FieldsAre("2", ""), FieldsAre("3", "b")));
}

TEST_F(TextLines, TextsWithoutIdsAreNumberedByLineOrRecord) {
  EXPECT_THAT(read_text_records(file("c.jsonl", "\n{\"text\":\"a\"}\n\n{\"text\":\"b\"}\n")),
              ElementsAre(FieldsAre("2", "a"), FieldsAre("4", "b")));
  EXPECT_THAT(read_text_records(file("c.json", "[{\"text\":\"a\"}, {\"text\":\"b\"}]")),
              ElementsAre(FieldsAre("1", "a"), FieldsAre("2", "b")));
  EXPECT_THAT(read_text_records(file("c.csv", "text\na\n\n\"b\"\n")),
              ElementsAre(FieldsAre("1", "a"), FieldsAre("2", "b")));
}

TEST_F(TextLines, BlankTextsAreDroppedAndCounted) {
  std::vector<TextRecord> records = read_text_records(file("c.txt", "a\n\n \t\r\nb\n"));
  EXPECT_EQ(drop_blank_texts(records), 2);
  EXPECT_THAT(records, ElementsAre(FieldsAre("1", "a"), FieldsAre("4", "b")));
}

TEST_F(TextLines, IdsMustBeScalarsAndDiffer) {
  const auto message = [&](std::string_view bytes) {
    return message_of(ErrorKind::kInput, [&] { read_text_records(file("c.jsonl", bytes)); });
  };
  EXPECT_THAT(message("{\"id\":\"a\",\"text\":\"\"}\n{\"id\":\"a\",\"text\":\"\"}"),
              EndsWith("c.jsonl: line 2: the id is there already, on line 1: a"));
  EXPECT_THAT(message("{\"id\":1.5,\"text\":\"\"}"),
              EndsWith("id: must be a string or an integer: found a number with a fraction"));
  EXPECT_THAT(message("{\"_id\":null,\"text\":\"\"}"),
              EndsWith("_id: must be a string or an integer: found null"));
  EXPECT_THAT(read_text_records(file("c.jsonl", "{\"id\":18446744073709551615,\"text\":\"\"}")),
              ElementsAre(FieldsAre("18446744073709551615", "")));
}

}  // namespace
}  // namespace sbert
