#include "sbert/data/example_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/message_of.h"
#include "sbert/data/json_record.h"
#include "sbert/data/text_key.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::Optional;

Example build(RecordForm form, std::string_view json) {
  ExampleBuilder builder(form);
  JsonRecordParser().parse(
      json, [&](std::string_view key, RecordValue& value) { builder.add(key, value); });
  return builder.finish();
}

Example question(std::string_view json) {
  return build(RecordForm::kQuestion, json);
}

std::string message(RecordForm form, std::string_view json) {
  return message_of(ErrorKind::kInput, [&] { build(form, json); });
}

TEST(ExampleBuilder, QuestionWithIdsScoresAndLabel) {
  const Example example = question(
      R"({"query": "q", "pos_doc": ["p", "r"], "pos_doc_id": ["d1", 7], "pos_scores": [0.5, 2],
          "neg_doc": ["n"], "neg_doc_id": "d9", "neg_scores": -1e-2, "label": 3})");
  EXPECT_EQ(example.question, "q");
  EXPECT_THAT(example.pos_doc, ElementsAre("p", "r"));
  EXPECT_THAT(example.pos_doc_ids, ElementsAre(bytes_key("d1"), bytes_key("7")));
  EXPECT_THAT(example.pos_scores, ElementsAre(0.5, 2));
  EXPECT_THAT(example.neg_doc_ids, ElementsAre(bytes_key("d9")));
  EXPECT_THAT(example.neg_scores, ElementsAre(-0.01));
  EXPECT_THAT(example.label, Optional(3.0));
}

TEST(ExampleBuilder, TripletWithSeveralNegatives) {
  const Example example =
      build(RecordForm::kTriplet,
            R"({"negative_2": "c", "anchor": "a", "positive": "p", "negative": ["n", "m"],
          "negative_x": "other", "hard_negative": "h", "question": 1})");
  EXPECT_EQ(example.question, "a");
  EXPECT_THAT(example.pos_doc, ElementsAre("p"));
  EXPECT_THAT(example.neg_doc, ElementsAre("c", "n", "m", "h"));
}

TEST(ExampleBuilder, PairUnderEachPairOfNames) {
  for (const char* json : {R"({"sentence1": "a", "sentence2": "b", "score": 4.5})",
                           R"({"s1": "a", "s2": "b", "score": "4.5"})",
                           R"({"text1": "a", "text2": "b", "label": 4.5})",
                           R"({"premise": "a", "hypothesis": "b", "label": 4.5 })"}) {
    const Example example = build(RecordForm::kPair, json);
    EXPECT_EQ(example.question, "a");
    EXPECT_THAT(example.pos_doc, ElementsAre("b"));
    EXPECT_THAT(example.label, Optional(4.5));
    EXPECT_EQ(example.form, RecordForm::kPair);
  }
}

TEST(ExampleBuilder, TheKeySaysTheForm) {
  EXPECT_EQ(form_of_key("question"), RecordForm::kQuestion);
  EXPECT_EQ(form_of_key("query"), RecordForm::kQuestion);
  EXPECT_EQ(form_of_key("anchor"), RecordForm::kTriplet);
  EXPECT_EQ(form_of_key("premise"), RecordForm::kPair);
  EXPECT_EQ(form_of_key("s1"), RecordForm::kPair);
  EXPECT_EQ(form_of_key("s2"), std::nullopt);
  EXPECT_EQ(form_of_key("label"), std::nullopt);
}

TEST(ExampleBuilder, RepeatedAndEmptyDocumentsAreDroppedWithWhatBelongsToThem) {
  const Example example = question(
      R"({"question": "q", "pos_doc": ["", "P", "p ", "r"], "pos_scores": [1, 2, 3, 4],
          "neg_doc": ["n", " p", "R", "", "N", "m"], "neg_scores": [1, 2, 3, 4, 5, 6],
          "neg_doc_id": ["1", "2", "3", "4", "5", "6"]})");
  EXPECT_THAT(example.pos_doc, ElementsAre("P", "r"));
  EXPECT_THAT(example.pos_scores, ElementsAre(2, 4));
  EXPECT_THAT(example.neg_doc, ElementsAre("n", "m"));
  EXPECT_THAT(example.neg_scores, ElementsAre(1, 6));
  EXPECT_THAT(example.neg_doc_ids, ElementsAre(bytes_key("1"), bytes_key("6")));
}

TEST(ExampleBuilder, AnEmptyPositiveStaysIfThereIsNoOther) {
  EXPECT_THAT(question(R"({"question": "", "pos_doc": ["", " "]})").pos_doc, ElementsAre(""));
}

TEST(ExampleBuilder, OfARepeatedKeyTheLastCounts) {
  const Example example = question(
      R"({"query": "a", "neg_doc": ["x"], "query": "b", "neg_doc": ["y"], "pos_doc": "p"})");
  EXPECT_EQ(example.question, "b");
  EXPECT_THAT(example.neg_doc, ElementsAre("y"));
}

TEST(ExampleBuilder, ErrorsSayWhatIsMissing) {
  EXPECT_EQ(message(RecordForm::kQuestion, R"({"pos_doc": "p"})"), "question is missing");
  EXPECT_EQ(message(RecordForm::kQuestion, R"({"query": "q"})"), "pos_doc is missing");
  EXPECT_EQ(message(RecordForm::kTriplet, R"({"positive": "p"})"), "anchor is missing");
  EXPECT_EQ(message(RecordForm::kTriplet, R"({"anchor": "a"})"), "positive is missing");
  EXPECT_EQ(message(RecordForm::kPair, "{}"),
            "the first text is missing: sentence1, s1, text1 or premise");
  EXPECT_EQ(message(RecordForm::kPair, R"({"s1": "a"})"),
            "the second text is missing: sentence2, s2, text2 or hypothesis");
}

TEST(ExampleBuilder, ErrorsSayWhichKeysExcludeEachOther) {
  EXPECT_EQ(message(RecordForm::kQuestion, R"({"query": "q", "question": "q", "pos_doc": "p"})"),
            "question: a record must have query or question, not both");
  EXPECT_EQ(message(RecordForm::kPair, R"({"s1": "a", "s2": "b", "score": 1, "label": 1})"),
            "label: a record must have score or label, not both");
}

TEST(ExampleBuilder, ErrorsSayWhichLengthIsWrong) {
  const auto wrong = [](std::string_view rest) {
    return message(RecordForm::kQuestion,
                   std::string(R"({"query": "q", "pos_doc": "p", "neg_doc": ["n", "m"], )") +
                       std::string(rest) + "}");
  };
  EXPECT_EQ(wrong(R"("pos_scores": [1, 2])"),
            "pos_scores must have one value for each of the positives (1): 2");
  EXPECT_EQ(wrong(R"("pos_doc_id": ["a", "b"])"),
            "pos_doc_id must have one value for each of the positives (1): 2");
  EXPECT_EQ(wrong(R"("neg_scores": 1)"),
            "neg_scores must have one value for each of the negatives (2): 1");
  EXPECT_EQ(wrong(R"("neg_doc_id": [1, 2, 3])"),
            "neg_doc_id must have one value for each of the negatives (2): 3");
}

TEST(ExampleBuilder, ErrorsSayWhichTypeIsWrong) {
  const auto wrong = [](std::string_view rest) {
    return message(RecordForm::kQuestion,
                   std::string(R"({"query": "q", "pos_doc": "p", )") + std::string(rest) + "}");
  };
  EXPECT_EQ(wrong(R"("label": true)"), "label: must be a string or a number: found true or false");
  EXPECT_EQ(wrong(R"("label": "maybe")"),
            "label: must be a number, or contradiction, entailment or neutral: maybe");
  EXPECT_EQ(wrong(R"("score": [1])"), "score: must be a string or a number: found a list");
  EXPECT_EQ(wrong(R"("pos_scores": "1")"),
            "pos_scores: must be a number or a list of numbers: found a string");
  EXPECT_EQ(wrong(R"("neg_scores": [1, null])"),
            "neg_scores: must be a list of numbers: found null");
  EXPECT_EQ(wrong(R"("pos_doc_id": 1.5)"),
            "pos_doc_id: must be a string, an integer or a list of them: "
            "found a number with a fraction");
  EXPECT_EQ(wrong(R"("neg_doc_id": [{}])"),
            "neg_doc_id: must be a list of strings or integers: found an object");
}

TEST(ParseLabel, NumbersAndTheWordsOfInference) {
  EXPECT_EQ(parse_label("contradiction"), 0);
  EXPECT_EQ(parse_label("entailment"), 1);
  EXPECT_EQ(parse_label("neutral"), 2);
  EXPECT_EQ(parse_label("-1.5e1"), -15);
  for (const char* wrong : {"", "1x", "nan", "inf", "Neutral"}) {
    EXPECT_EQ(message_of(ErrorKind::kInput, [&] { parse_label(wrong); }),
              std::string("must be a number, or contradiction, entailment or neutral: ") + wrong);
  }
}

}  // namespace
}  // namespace sbert
