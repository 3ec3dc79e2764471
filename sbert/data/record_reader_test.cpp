#include "sbert/data/record_reader.h"

#include <gmock/gmock.h>

#include "sbert/base/concat.h"
#include "sbert/base/files.h"
#include "sbert/base/message_of.h"
#include "sbert/data/csv_table.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class ForEachRecord : public testing::Test {
 protected:
  void TearDown() override {
    for (const char* name : {"r.tsv", "r.csv", "r.jsonl", "r.dat", "r.TSV"})
      fs::remove(folder_ / name);
  }

  // "line: key=value key=value" of each record.
  std::vector<std::string> read(const std::string& name, const std::string& content) {
    write_file_atomically(folder_ / name, content);
    std::vector<std::string> records;
    for_each_record(folder_ / name, [&](std::int64_t line, const VisitFields& fields) {
      std::string record = concat(line, ":");
      fields([&](std::string_view key, RecordValue& value) {
        record += concat(" ", key, "=", value.scalar());
      });
      records.push_back(record);
    });
    return records;
  }

  std::string message(const std::string& name, const std::string& content) {
    return message_of(ErrorKind::kInput, [&] { read(name, content); });
  }

  fs::path folder_ = testing::TempDir();
};

TEST_F(ForEachRecord, ReadsTabsWithoutQuoting) {
  EXPECT_THAT(read("r.tsv", "a\tb\n\n\"x\t1,2\r\ny\t\n"),
              ElementsAre("3: a=\"x b=1,2", "4: a=y b="));
}

TEST_F(ForEachRecord, ReadsCommasWithQuoting) {
  EXPECT_THAT(read("r.csv",
                   "\xEF\xBB\xBF"
                   "a,\"b\"\r\n\n\"x, \"\"y\"\"\nz\",1\r\nlast,\n\"\",\"\"\r\n"),
              ElementsAre("3: a=x, \"y\"\nz b=1", "5: a=last b=", "6: a= b="));
  EXPECT_THAT(read("r.csv", "a,b\n1,2"), ElementsAre("2: a=1 b=2"));
  EXPECT_THAT(read("r.csv", "a,b\n1,"), ElementsAre("2: a=1 b="));
  EXPECT_THAT(read("r.csv", "a,b\n1,\"2\"\r"), ElementsAre("2: a=1 b=2"));
}

TEST_F(ForEachRecord, ReadsJsonLinesAndArrays) {
  EXPECT_THAT(read("r.jsonl", "{\"a\": 1}\n\n{\"a\": \"x\"}\n"), ElementsAre("1: a=1", "3: a=x"));
  EXPECT_THAT(read("r.jsonl", "[\n{\"a\": 1},\n{\"a\": 2}]"), ElementsAre("2: a=1", "3: a=2"));
}

TEST_F(ForEachRecord, NamesTheLineOfAnError) {
  EXPECT_THAT(message("r.tsv", "a\tb\n1\t2\n1\n"),
              HasSubstr("r.tsv: line 3: the line must have as many fields as the first one names "
                        "(2): 1"));
  EXPECT_THAT(message("r.csv", "a,b\n\"1\n\",2\n3\n"),
              HasSubstr("r.csv: line 4: the row must have as many fields as the first one names "
                        "(2): 1"));
  EXPECT_THAT(message("r.csv", "a,b\n1,2\n\"3,4\n"),
              HasSubstr("r.csv: line 3: a quoted field does not end"));
  EXPECT_THAT(message("r.csv", "a,b\n1,2\"\n"),
              HasSubstr("line 2: a quote within a field that does not begin with one"));
  EXPECT_THAT(message("r.csv", "a,b\n\"1\"x,2\n"),
              HasSubstr("line 2: text after the closing quote of a field"));
  EXPECT_THAT(message("r.csv", "a,a\n"), HasSubstr("line 1: two columns have the same name: a"));
  EXPECT_THAT(message("r.csv", "a\n\xFF\n"), HasSubstr("line 2: not UTF-8"));
  EXPECT_THAT(message("r.jsonl", "{\"a\": 1}\n{\"a\": []}\n"),
              HasSubstr("r.jsonl: line 2: a: must be a string or a number: found a list"));
  EXPECT_THAT(message("r.jsonl", "{\"a\": 1}\n\n{\"a\": \n"), HasSubstr("r.jsonl: line 3: "));
}

TEST_F(ForEachRecord, PlainTextIsRefused) {
  EXPECT_THAT(message("r.dat", "one\n"), HasSubstr("r.dat: must be JSON objects"));
  EXPECT_THAT(read("r.TSV", "a\tb\n1\t2\n"), ElementsAre("2: a=1 b=2"));
}

TEST_F(ForEachRecord, AFileWithoutRecordsIsAnError) {
  EXPECT_THAT(message("r.tsv", ""), HasSubstr("r.tsv: the file is empty"));
  EXPECT_THAT(message("r.csv", ""), HasSubstr("the file is empty"));
  for (const char* name : {"r.tsv", "r.csv"})
    EXPECT_THAT(message(name, "a\n"), HasSubstr("holds no record"));
  EXPECT_THAT(message("r.jsonl", "\n"), HasSubstr("r.jsonl: holds no record"));
}

}  // namespace
}  // namespace sbert
