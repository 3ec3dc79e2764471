#include "sbert/data/training_examples.h"

#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/message_of.h"
#include "sbert/base/threads.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

class ExampleFileTest : public testing::Test {
 protected:
  ExampleFile open(std::string_view bytes) {
    write_file_atomically(path_, bytes);
    return ExampleFile::open(path_);
  }
  Example only(std::string_view bytes) {
    const ExampleFile file = open(bytes);
    EXPECT_EQ(file.size(), 1);
    return file.read(0);
  }
  std::string message(std::string_view bytes) {
    return message_of(ErrorKind::kInput, [&] { open(bytes); });
  }

  std::filesystem::path path_ = std::filesystem::path(testing::TempDir()) / "examples_test.json";
};

TEST_F(ExampleFileTest, ReadsAnArrayInAnyOrder) {
  const ExampleFile file = open(R"([
    {"question": "q0", "pos_doc": ["p0", "p1"], "neg_doc": ["n0", "n1", "n2"]},
    {"neg_doc": [], "pos_doc": "p", "query": "q1"}
  ])");
  ASSERT_EQ(file.size(), 2);
  EXPECT_EQ(file.read(1).question, "q1");
  EXPECT_THAT(file.read(1).pos_doc, ElementsAre("p"));
  EXPECT_THAT(file.read(1).neg_doc, IsEmpty());
  EXPECT_EQ(file.read(0).question, "q0");
  EXPECT_THAT(file.read(0).pos_doc, ElementsAre("p0", "p1"));
  EXPECT_THAT(file.read(0).neg_doc, ElementsAre("n0", "n1", "n2"));
}

TEST_F(ExampleFileTest, ReadsJsonLines) {
  const ExampleFile file = open(
      "{\"query\": \"a\", \"pos_doc\": \"b\", \"neg_doc\": \"c\"}\n\n"
      "{\"question\": \"d\", \"pos_doc\": \"e\"}");
  ASSERT_EQ(file.size(), 2);
  EXPECT_THAT(file.read(0).neg_doc, ElementsAre("c"));
  EXPECT_THAT(file.read(1).neg_doc, IsEmpty());
}

TEST_F(ExampleFileTest, TextsComeUnescapedAndOtherwiseAsTheyAre) {
  const Example example =
      only(R"({"question": " a\n\"\u00e9\\\ud83d\ude00 ", "pos_doc": "", "neg_doc": ["", "é"]})");
  EXPECT_EQ(example.question, " a\n\"é\\😀 ");
  EXPECT_THAT(example.pos_doc, ElementsAre(""));
  EXPECT_THAT(example.neg_doc, ElementsAre("", "é"));
}

TEST_F(ExampleFileTest, OtherKeysAreIgnored) {
  const Example example = only(
      R"({"id": 7, "meta": {"question": 1, "x": [null, NaN]}, "question": "q", "score": 1e-3,
          "pos_doc": "p", "note": "\ud800", "t": true, "z": null})");
  EXPECT_EQ(example.question, "q");
}

TEST_F(ExampleFileTest, KeysMayBeEscaped) {
  EXPECT_EQ(only(R"({"q\u0075ery": "q", "pos_doc": "p"})").question, "q");
}

TEST_F(ExampleFileTest, LastOfARepeatedKeyCounts) {
  const Example example =
      only(R"({"query": "a", "pos_doc": ["x", "y"], "query": "b", "pos_doc": "z"})");
  EXPECT_EQ(example.question, "b");
  EXPECT_THAT(example.pos_doc, ElementsAre("z"));
}

TEST_F(ExampleFileTest, ErrorsNameFileRecordAndKey) {
  const std::string good = R"({"question": "q", "pos_doc": "p"},)";
  const auto second = [&](std::string_view record) {
    return message(concat('[', good, record, ']'));
  };
  EXPECT_THAT(second(R"({"pos_doc": "p"})"),
              EndsWith("examples_test.json: record 2: question is missing"));
  EXPECT_THAT(second(R"({"question": "q"})"), EndsWith("record 2: pos_doc is missing"));
  EXPECT_THAT(second(R"({"question": null, "pos_doc": "p"})"),
              EndsWith("record 2: question: must be a string: found null"));
  EXPECT_THAT(second(R"({"query": ["q"], "pos_doc": "p"})"),
              EndsWith("record 2: query: must be a string: found a list"));
  EXPECT_THAT(second(R"({"query": "q", "question": "q", "pos_doc": "p"})"),
              EndsWith("record 2: question: a record must have a question or a query, not both"));
  EXPECT_THAT(second(R"({"query": "q", "pos_doc": []})"),
              EndsWith("record 2: pos_doc: must not be an empty list"));
  EXPECT_THAT(second(R"({"query": "q", "pos_doc": null})"),
              EndsWith("pos_doc: must be a string or a list of strings: found null"));
  EXPECT_THAT(second(R"({"query": "q", "pos_doc": {"a": 1}})"),
              EndsWith("pos_doc: must be a string or a list of strings: found an object"));
  EXPECT_THAT(second(R"({"query": "q", "pos_doc": ["p", 3]})"),
              EndsWith("pos_doc: must be a list of strings: found a number"));
  EXPECT_THAT(second(R"({"query": "q", "pos_doc": "p", "neg_doc": null})"),
              EndsWith("neg_doc: must be a string or a list of strings: found null"));
  EXPECT_THAT(second(R"({"query": "q", "pos_doc": "p", "neg_doc": [["n"]]})"),
              EndsWith("neg_doc: must be a list of strings: found a list"));
  EXPECT_THAT(second(R"({"query": "q", "pos_doc": true})"), HasSubstr("found true or false"));
}

TEST_F(ExampleFileTest, BrokenJsonIsRefused) {
  EXPECT_THAT(message(R"({"question": "\ud800", "pos_doc": "p"})"),
              HasSubstr("record 1: question: not valid JSON"));
  EXPECT_THAT(message("{\"question\": \"\x80\", \"pos_doc\": \"p\"}"),
              HasSubstr("record 1: not valid JSON"));
  EXPECT_THAT(message("{\"question\": \"a\nb\", \"pos_doc\": \"p\"}"),
              HasSubstr("record 1: not valid JSON"));
  EXPECT_THAT(message(R"({"question": NaN, "pos_doc": "p"})"),
              HasSubstr("question: not valid JSON"));
  EXPECT_THAT(message(R"({"question": "q" "pos_doc": "p"})"), HasSubstr("not valid JSON"));
  EXPECT_THAT(message(R"({"question": "q", "pos_doc": "p",})"), HasSubstr("not valid JSON"));
  EXPECT_THAT(message(R"({"question" "q"})"), HasSubstr("not valid JSON"));
  EXPECT_THAT(message(R"({"question": "q", "pos_doc": ["p" "q"]})"), HasSubstr("not valid JSON"));
  EXPECT_THAT(message("{"), EndsWith("record 1, byte 0: the file ends within this record"));
}

TEST_F(ExampleFileTest, FileWithoutRecordsIsRefused) {
  EXPECT_THAT(message(""), EndsWith("examples_test.json: the file is empty"));
  EXPECT_THAT(message("[]"), EndsWith("examples_test.json: the file has no records"));
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { ExampleFile::open(path_.native() + ".absent"); }),
              HasSubstr("examples_test.json.absent"));
}

TEST_F(ExampleFileTest, RecordOutOfRangeIsOurBug) {
  const ExampleFile file = open(R"([{"query": "q", "pos_doc": "p"}])");
  EXPECT_EQ(message_of(ErrorKind::kInternal, [&] { file.read(1); }), "no record 1 in a file of 1");
  EXPECT_EQ(message_of(ErrorKind::kInternal, [&] { file.read(-1); }),
            "no record -1 in a file of 1");
}

TEST_F(ExampleFileTest, ThreadsMayReadAtOnce) {
  std::string bytes;
  for (int i = 0; i < 500; ++i) {
    bytes += concat("{\"query\":\"q", i, "\",\"pos_doc\":[\"",
                    std::string(static_cast<std::size_t>(i * 7 % 300), 'x'), "\"]}\n");
  }
  const ExampleFile file = open(bytes);
  ASSERT_EQ(file.size(), 500);
  std::atomic<int> num_wrong = 0;
  for_each_task(4, 2'000, [&](std::size_t task) {
    const std::size_t i = task * 37 % 500;
    const Example example = file.read(static_cast<std::int64_t>(i));
    const bool is_right =
        example.question == concat('q', i) && example.pos_doc[0].size() == i * 7 % 300;
    if (!is_right) ++num_wrong;
  });
  EXPECT_EQ(num_wrong, 0);
}

}  // namespace
}  // namespace sbert
