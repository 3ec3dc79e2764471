#include "sbert/data/unread_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/message_of.h"
#include "sbert/data/json_record.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

void add(UnreadKeys& keys, RecordForm form, std::string_view json) {
  ExampleBuilder builder(form);
  JsonRecordParser().parse(
      json, [&](std::string_view key, RecordValue& value) { builder.add(key, value); });
  keys.add(form, builder);
}

std::string refusal(RecordForm form, std::string_view json) {
  UnreadKeys keys;
  return message_of(ErrorKind::kInput, [&] { add(keys, form, json); });
}

TEST(MeantKey, OfEachFormItFindsWhatWasMeant) {
  struct Case {
    RecordForm form;
    std::string_view key;
    std::string_view meant;
  };
  using enum RecordForm;
  const Case cases[] = {
      {kQuestion, "neg_docs", "neg_doc"},
      {kQuestion, "Neg_Doc", "neg_doc"},
      {kQuestion, "negdoc", "neg_doc"},
      {kQuestion, "neg-doc", "neg_doc"},
      {kQuestion, "neg", "neg_doc"},
      {kQuestion, "negative", "neg_doc"},
      {kQuestion, "negatives", "neg_doc"},
      {kQuestion, "hard_negatives", "neg_doc"},
      {kQuestion, "negative_passages", "neg_doc"},
      {kQuestion, "hard_neg", "neg_doc"},
      {kQuestion, "pos_docs", "pos_doc"},
      {kQuestion, "positive", "pos_doc"},
      {kQuestion, "anchor", "question"},
      {kQuestion, "questions", "question"},
      {kQuestion, "neg_doc_ids", "neg_doc_id"},
      {kQuestion, "neg_score", "neg_scores"},
      {kQuestion, "labels", "label"},
      {kTriplet, "negatives", "negative"},
      {kTriplet, "hard_negatives", "hard_negative"},
      {kTriplet, "negative1", "negative"},
      {kTriplet, "neg_doc", "negative"},
      {kTriplet, "pos_doc", "positive"},
      {kTriplet, "query", "anchor"},
      {kPair, "sentence_2", "sentence2"},
      {kPair, "scores", "score"},
      {kPair, "negative", "negative"},
      {kQuestion, "title", ""},
      {kQuestion, "source", ""},
      {kQuestion, "id", ""},
      {kPair, "id", ""},
      {kPair, "idx", ""},
      {kQuestion, "negation", ""},
      {kQuestion, "split", ""},
      {kQuestion, "", ""},
  };
  for (const Case& each : cases)
    EXPECT_EQ(meant_key(each.form, each.key), each.meant) << each.key;
}

TEST(MeantKey, AKeyThatIsReadMeansItself) {
  for (const RecordForm form : {RecordForm::kQuestion, RecordForm::kTriplet, RecordForm::kPair}) {
    for (const std::string_view key : keys_of_form(form)) {
      ExampleBuilder builder(form);
      JsonRecordParser().parse(concat("{\"", key, "\": \"1\"}"),
                               [&](std::string_view name, RecordValue& value) {
                                 if (!key.ends_with("scores")) builder.add(name, value);
                               });
      EXPECT_THAT(builder.unread_keys(), IsEmpty()) << key;
      EXPECT_EQ(meant_key(form, key), key);
    }
  }
}

TEST(UnreadKeys, NegativesUnderANameThatNobodyReadsAreRefused) {
  EXPECT_EQ(
      refusal(RecordForm::kQuestion, R"({"question": "q", "pos_doc": "p", "neg_docs": ["n"]})"),
      "neg_docs is not read (did you mean 'neg_doc'?)");
  EXPECT_EQ(
      refusal(RecordForm::kTriplet, R"({"anchor": "a", "positive": "p", "negatives": ["n"]})"),
      "negatives is not read (did you mean 'negative'?)");
  EXPECT_EQ(refusal(RecordForm::kQuestion, R"({"query": "q", "pos_doc": "p", "negative": "n"})"),
            "negative is not read (did you mean 'neg_doc'?)");
  EXPECT_THAT(
      refusal(RecordForm::kPair, R"({"sentence1": "a", "sentence2": "b", "negative": "n"})"),
      HasSubstr("negative is not read: a pair has no negatives"));
}

TEST(UnreadKeys, AMistypedKeyIsNamedBeforeTheOneThatIsMissing) {
  EXPECT_EQ(refusal(RecordForm::kQuestion, R"({"question": "q", "positive": "p"})"),
            "positive is not read (did you mean 'pos_doc'?)");
}

TEST(UnreadKeys, OthersAreCountedAndSoAreThoseBesideTheRightOne) {
  UnreadKeys keys;
  add(keys, RecordForm::kQuestion,
      R"({"question": "q", "pos_doc": "p", "neg_doc": "n", "neg_docs": ["m"], "title": 1})");
  add(keys, RecordForm::kQuestion, R"({"question": "q", "pos_doc": "p", "title": {"x": 1}})");
  EXPECT_THAT(keys.keys(), ElementsAre(UnreadKey{"neg_docs", 1}, UnreadKey{"title", 2}));
}

TEST(UnreadKeys, ANumberedNegativeIsANegative) {
  UnreadKeys keys;
  add(keys, RecordForm::kTriplet,
      R"({"anchor": "a", "positive": "p", "negative_1": "n", "neg_doc": 1})");
  EXPECT_THAT(keys.keys(), ElementsAre(UnreadKey{"neg_doc", 1}));
}

TEST(UnreadKeys, OfManyTheFirstTwentyAreKept) {
  UnreadKeys keys;
  for (int i = 0; i < 30; ++i)
    add(keys, RecordForm::kQuestion,
        concat("{\"question\": \"q\", \"pos_doc\": \"p\", \"x", i, "\": 0}"));
  EXPECT_EQ(keys.keys().size(), 20U);
}

}  // namespace
}  // namespace sbert
