#include "sbert/data/record_scanner.h"

#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using testing::ElementsAre;

std::vector<std::string> records(std::string_view bytes) {
  RecordScanner scanner(bytes);
  std::vector<std::string> found;
  while (const auto record = scanner.next())
    found.emplace_back(*record);
  EXPECT_FALSE(scanner.next().has_value());
  return found;
}

TEST(RecordScanner, FindsObjectsOfAnArray) {
  EXPECT_THAT(records(R"([{"a":1},{"b":[2,{"c":3}]}])"),
              ElementsAre(R"({"a":1})", R"({"b":[2,{"c":3}]})"));
  EXPECT_TRUE(RecordScanner(" [").is_array());
  for (const char* none : {"[]", "", " \n", "\xEF\xBB\xBF"}) {
    EXPECT_THAT(records(none), testing::IsEmpty()) << none;
  }
}

TEST(RecordScanner, FindsObjectsOfPrettyPrintedArray) {
  EXPECT_THAT(records("\xEF\xBB\xBF [\r\n  {\n    \"a\": 1\n  },\n\n  { }\n]\n\n"),
              ElementsAre("{\n    \"a\": 1\n  }", "{ }"));
}

TEST(RecordScanner, FindsObjectsOneAfterAnother) {
  EXPECT_THAT(records("{\"a\":1}\n\n{\"b\":2}\r\n  {\n\"c\": 3\n}"),
              ElementsAre("{\"a\":1}", "{\"b\":2}", "{\n\"c\": 3\n}"));
  EXPECT_FALSE(RecordScanner("{}").is_array());
}

TEST(RecordScanner, BracketsWithinStringsDoNotCount) {
  EXPECT_THAT(records(R"({"a":"}]{[\"}\\"}{"b\"":"\\\\"})"),
              ElementsAre(R"({"a":"}]{[\"}\\"})", R"({"b\"":"\\\\"})"));
}

std::string message(std::string_view bytes) {
  RecordScanner scanner(bytes);
  const std::string text = message_of(ErrorKind::kInput, [&] {
    while (scanner.next()) {
    }
  });
  return concat("byte ", scanner.place(), ": ", text);
}

TEST(RecordScanner, ErrorsHaveAPlace) {
  EXPECT_EQ(message("{\"a\":1"), "byte 0: the file ends within this record");
  EXPECT_EQ(message("{}\n{\"a"), "byte 3: the file ends within this record");
  EXPECT_EQ(message("{}\n{\"a\\\""), "byte 3: the file ends within this record");
  EXPECT_EQ(message("[{}"), "byte 3: the file ends within the array; ']' is missing");
  EXPECT_EQ(message("[{},"), "byte 4: the file ends within the array; ']' is missing");
  EXPECT_EQ(message("["), "byte 1: the file ends within the array; ']' is missing");
  EXPECT_EQ(message("[{} {}]"), "byte 4: a comma is missing before this record");
  EXPECT_EQ(message("[{},]"), "byte 4: a comma before ']'");
  EXPECT_EQ(message("[{}] x"), "byte 5: text after the array: x");
  EXPECT_EQ(message("[[1]]"), "byte 1: expected an object {...}, found: [1]]");
  EXPECT_EQ(message("[1,2]"), "byte 1: expected an object {...}, found: 1,2]");
  EXPECT_EQ(message("{},{}"), "byte 2: a comma between records; an array must begin with '['");
  EXPECT_EQ(message("{}\nnot json at all, not even near\n"),
            "byte 3: expected an object {...}, found: not json at all, not");
  EXPECT_EQ(message("{\"a\":[}]"), "byte 0: '[' is closed by '}'");
  EXPECT_EQ(message("{]"), "byte 0: '{' is closed by ']'");
}

TEST(RecordScanner, AStringMayNotSpanLines) {
  EXPECT_EQ(message("{}\n{\"a\": \"b\n{\"c\": \"d\"}\n"), "byte 3: a line break within a string");
  EXPECT_THAT(records("{\"a\": \"b\\n\"}"), testing::SizeIs(1));
}

TEST(RecordScanner, LengthIsLimited) {
  const auto record = [](std::size_t length) {
    return concat("{\"a\":\"", std::string(length - 8, 'x'), "\"}");
  };
  EXPECT_THAT(records(record(64 << 20)), testing::SizeIs(1));
  EXPECT_EQ(message(record((64 << 20) + 1)), "byte 0: the record is longer than 64 MiB");
}

TEST(RecordScanner, GoesOnBehindABadLine) {
  const std::string bytes = "{\"a\":1}\nnonsense\n{\"b\": \"\n{\"c\":3}\n{\"d\":[\n";
  RecordScanner scanner(bytes);
  EXPECT_EQ(scanner.next(), "{\"a\":1}");
  EXPECT_EQ(message_of(ErrorKind::kInput, [&] { scanner.next(); }),
            "expected an object {...}, found: nonsense");
  EXPECT_EQ(scanner.place(), 8U);
  scanner.skip_to_next_line();
  EXPECT_EQ(message_of(ErrorKind::kInput, [&] { scanner.next(); }), "a line break within a string");
  EXPECT_EQ(scanner.place(), 17U);
  scanner.skip_to_next_line();
  EXPECT_EQ(scanner.next(), "{\"c\":3}");
  EXPECT_EQ(message_of(ErrorKind::kInput, [&] { scanner.next(); }),
            "the file ends within this record");
  scanner.skip_to_next_line();
  EXPECT_FALSE(scanner.next().has_value());
}

TEST(RecordScanner, GoesOnWithinOrBehindAWrongRecord) {
  RecordScanner within("{\"a\":\n{\"b\":2}} {\"c\":3}");
  within.next();
  within.skip_to_next_line();
  EXPECT_EQ(within.next(), "{\"b\":2}");
  RecordScanner behind("{\"a\":1} {\"b\":2}\n{\"c\":3}");
  behind.next();
  behind.skip_to_next_line();
  EXPECT_EQ(behind.next(), "{\"b\":2}");
}

TEST(RecordScanner, DepthIsLimited) {
  const auto nested = [](int depth) {
    return concat("{\"a\":", std::string(static_cast<std::size_t>(depth - 1), '['),
                  std::string(static_cast<std::size_t>(depth - 1), ']'), '}');
  };
  EXPECT_THAT(records(nested(64)), testing::SizeIs(1));
  EXPECT_EQ(message(nested(65)), "byte 0: nested deeper than 64 levels");
}

TEST(RecordScanner, EachCutOfAFileIsRefused) {
  const std::string whole = R"([{"question":"a\"b\\","pos_doc":["x",{"y":[1]}]},{"z":"{"}])";
  EXPECT_THAT(records(whole), testing::SizeIs(2));
  for (std::size_t length = 1; length < whole.size(); ++length) {
    EXPECT_THROW(records(whole.substr(0, length)), Error) << length;
  }
}

TEST(RecordScanner, RandomBytesAreScannedOrRefused) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(concat("seed ", seed));
  std::mt19937 random(seed);
  constexpr std::string_view kCharacters = "{}[]\"\\,: a\n";
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (auto length = random() % 16; length > 0; --length) {
      text += kCharacters[random() % kCharacters.size()];
    }
    try {
      for (const std::string& record : records(text)) {
        ASSERT_TRUE(record.starts_with('{') && record.ends_with('}')) << text;
      }
    } catch (const Error& error) {
      ASSERT_EQ(exit_code(error.kind()), 3) << text;
    }
  }
}

}  // namespace
}  // namespace sbert
