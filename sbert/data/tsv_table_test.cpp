#include "sbert/data/tsv_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using testing::ElementsAre;

std::vector<std::string> lines(std::string_view bytes, std::size_t at = 0) {
  std::vector<std::string> found;
  while (const auto line = next_line(bytes, at))
    found.emplace_back(*line);
  EXPECT_EQ(at, bytes.size());
  return found;
}

std::vector<std::string> fields(const TsvTable& table, std::string_view line) {
  std::vector<std::string> found;
  table.parse(line, [&](std::string_view name, RecordValue& value) {
    found.push_back(concat(name, '=', value.string()));
  });
  return found;
}

TEST(TsvTable, NamesAndFields) {
  const TsvTable table("\xEF\xBB\xBFscore\ts1\ts2\r\n4\ta\tb\n");
  EXPECT_THAT(table.columns(), ElementsAre("score", "s1", "s2"));
  EXPECT_EQ(table.first_row(), 16U);
  EXPECT_THAT(fields(table, "4\t\"a\" b\t"), ElementsAre("score=4", "s1=\"a\" b", "s2="));
}

TEST(TsvTable, LinesWithoutTheirEnds) {
  EXPECT_THAT(lines("a\nb\r\n\n\r\nc"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(lines("\n\n"), testing::IsEmpty());
  EXPECT_THAT(lines(""), testing::IsEmpty());
}

TEST(TsvTable, AFieldIsAListOfOne) {
  const TsvTable table("x");
  table.parse("7", [](std::string_view, RecordValue& value) {
    EXPECT_THAT(value.strings(), ElementsAre("7"));
    EXPECT_THAT(value.ids(), ElementsAre("7"));
    EXPECT_THAT(value.numbers(), ElementsAre(7));
    EXPECT_EQ(value.id(), "7");
    EXPECT_EQ(value.scalar(), "7");
  });
}

TEST(TsvTable, ErrorsNameColumnAndNumbers) {
  EXPECT_EQ(message_of(ErrorKind::kInput, [] { TsvTable("\n"); }), "the file is empty");
  EXPECT_EQ(message_of(ErrorKind::kInput, [] { TsvTable("a\tb\ta\n"); }),
            "two columns have the same name: a");
  const TsvTable table("a\tb");
  EXPECT_EQ(message_of(ErrorKind::kInput, [&] { fields(table, "1"); }),
            "the line must have as many fields as the first one names (2): 1");
  EXPECT_EQ(message_of(ErrorKind::kInput, [&] { fields(table, "1\t2\t"); }),
            "the line must have as many fields as the first one names (2): 3");
  EXPECT_EQ(message_of(ErrorKind::kInput, [&] { fields(table, "1\t\x80"); }),
            "not UTF-8: byte 3 of the line is 0x80; another encoding is converted as by: "
            "iconv -f LATIN1 -t UTF-8");
  const auto read_numbers = [](std::string_view, RecordValue& value) { value.numbers(); };
  for (const char* wrong : {"", "x", "1 2", "nan"}) {
    EXPECT_EQ(
        message_of(ErrorKind::kInput, [&] { table.parse(concat("1\t", wrong), read_numbers); }),
        concat("b: must be a number: ", wrong));
  }
}

}  // namespace
}  // namespace sbert
