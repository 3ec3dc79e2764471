#include "sbert/train/training_batch.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/data/text_key.h"
#include "tests/support/letter_model.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(TrainingTexts, PrefixASpaceAndTheTextStripped) {
  const Example example{" What? \n", {" First", "Second"}, {"a", "b\t", "c"}};
  ModelOptions options;
  options.data.hard_negatives_to_train = 2;
  const TrainingTexts texts = training_texts(example, options);
  EXPECT_EQ(texts.question, "query:  What?");
  EXPECT_EQ(texts.positive, "passage:  First");
  EXPECT_THAT(texts.negatives, ElementsAre("passage: a", "passage: b"));
}

TEST(TrainingTexts, NoPrefixLeavesTheText) {
  ModelOptions options;
  options.data.query_prefix = options.data.passage_prefix = "";
  const TrainingTexts texts = training_texts({" Q ", {"P"}, {}}, options);
  EXPECT_EQ(texts.question, "Q");
  EXPECT_EQ(texts.positive, "P");
  EXPECT_TRUE(texts.negatives.empty());
}

TEST(TrainingTexts, AnEmptyTextIsItsPrefix) {
  EXPECT_EQ(training_texts({"", {""}, {}}, {}).question, "query:");
}

TEST(TrainingTexts, LowerCaseIfAsked) {
  ModelOptions options;
  options.tokenizer.do_lower_case = true;
  EXPECT_EQ(training_texts({"What IS", {"P"}, {}}, options).question, "query: what is");
}

TEST(TrainingTexts, BothTextsOfAPairHaveThePairsPrefix) {
  Example pair{"a", {"b"}, {}};
  pair.form = RecordForm::kPair;
  ModelOptions options;
  EXPECT_EQ(training_texts(pair, options).question, "a");
  EXPECT_EQ(training_texts(pair, options).positive, "b");
  options.data.pair_prefix = "query:";
  EXPECT_EQ(training_texts(pair, options).question, "query: a");
  EXPECT_EQ(training_texts(pair, options).positive, "query: b");
}

TEST(TrainingTexts, AChosenPositiveAndDrawnNegativesKeepWhatBelongsToThem) {
  const Example example{"q",          {"p0", "p1"}, {"n0", "n1", "n2"}, {10, 11},
                        {20, 21, 22}, {0.1, 0.2},   {1, 2, 3},          0.5};
  ModelOptions options;
  options.data.query_prefix = options.data.passage_prefix = "";
  options.data.hard_negatives_to_train = 2;
  std::set<std::string> drawn;
  for (std::uint64_t key = 0; key < 20; ++key) {
    const TrainingTexts texts = training_texts(example, options, {1, key});
    EXPECT_EQ(texts.positive, "p1");
    EXPECT_EQ(texts.positive_id, 11U);
    EXPECT_EQ(texts.positive_score, 0.2);
    EXPECT_EQ(texts.label, 0.5);
    ASSERT_EQ(texts.negatives.size(), 2U);
    EXPECT_NE(texts.negatives[0], texts.negatives[1]);
    for (std::size_t i = 0; i < 2; ++i) {
      const std::size_t n = static_cast<std::size_t>(texts.negatives[i][1] - '0');
      EXPECT_EQ(texts.negative_ids[i], 20 + n);
      EXPECT_EQ(texts.negative_scores[i], 1.0 + static_cast<double>(n));
      drawn.insert(texts.negatives[i]);
    }
  }
  EXPECT_THAT(drawn, ElementsAre("n0", "n1", "n2"));
}

TEST(TrainingTexts, NoNegativesIfNoneAreWanted) {
  ModelOptions options;
  options.data.hard_negatives_to_train = 0;
  EXPECT_THAT(training_texts({"q", {"p"}, {"n"}}, options).negatives, IsEmpty());
  EXPECT_THAT(training_texts({"q", {"p"}, {"n"}}, options, {0, 7}).negatives, IsEmpty());
}

TEST(DropNegatives, TakesWhatBelongsToThemToo) {
  TrainingTexts row{"q", "p", {"a", "b", "c"}, 0, {1, 2, 3}, {}, {}, {0.1, 0.2, 0.3}};
  drop_negatives(row, std::vector<std::size_t>{0, 2});
  EXPECT_THAT(row.negatives, ElementsAre("b"));
  EXPECT_THAT(row.negative_ids, ElementsAre(2));
  EXPECT_THAT(row.negative_scores, ElementsAre(0.2));
  TrainingTexts bare{"q", "p", {"a"}};
  drop_negatives(bare, std::vector<std::size_t>{0});
  EXPECT_THAT(bare.negatives, IsEmpty());
}

TEST(MicroBatch, CountsTheTextsThatAreCut) {
  const TextModel model = letter_model();
  const std::vector<TrainingTexts> rows{
      {.question = "a b", .positive = "a b c", .negatives = {"a b c d"}},
      {.question = "", .positive = "b", .negatives = {}}};
  EXPECT_EQ(make_micro_batch(rows, model.tokenizer, 4).num_cut, 2);
  EXPECT_EQ(make_micro_batch(rows, model.tokenizer, 6).num_cut, 0);
}

TEST(MicroBatch, TargetsFollowTheDocuments) {
  const TextModel model = letter_model();
  const MicroBatch batch =
      make_micro_batch({{"a", "b", {"c", "B"}, 5, {6, 7}, 1.0, 0.5, {0.1, 0.2}},
                        {"d", "e", {}, 0, {}, 2.0, 0.6, {}},
                        {"f", "g", {"c"}, 0, {}, 3.0, 0.7, {0.3}}},
                       model.tokenizer, 64);
  const LossTargets& targets = batch.targets;
  EXPECT_THAT(targets.negative_counts, ElementsAre(2, 0, 1));
  EXPECT_THAT(targets.labels, ElementsAre(1, 2, 3));
  EXPECT_THAT(targets.positive_scores, ElementsAre(0.5, 0.6, 0.7));
  EXPECT_THAT(targets.negative_scores, ElementsAre(0.1, 0.2, 0.3));
  EXPECT_THAT(targets.id_keys, ElementsAre(5, 0, 0, 6, 7, 0));
  EXPECT_THAT(targets.text_keys, ElementsAre(text_key("b"), text_key("e"), text_key("g"),
                                             text_key("c"), text_key("b"), text_key("c")));
}

TEST(MicroBatch, WhatTheRowsDoNotHaveIsEmpty) {
  const TextModel model = letter_model();
  const MicroBatch batch = make_micro_batch({{"a", "b", {"c"}}}, model.tokenizer, 64);
  EXPECT_THAT(batch.targets.labels, IsEmpty());
  EXPECT_THAT(batch.targets.positive_scores, IsEmpty());
  EXPECT_THAT(batch.targets.negative_scores, IsEmpty());
  EXPECT_THAT(batch.targets.id_keys, ElementsAre(0, 0));
}

TEST(MicroBatches, CutAGlobalBatch) {
  const TextModel model = letter_model();
  ModelOptions options;
  options.micro_batch_size = 2;
  const auto batches = make_micro_batches({{"a", "b", {}}, {"c", "d", {"e"}}, {"f", "g", {}}},
                                          model.tokenizer, options);
  ASSERT_EQ(batches.size(), 2U);
  EXPECT_THAT(batches[0].targets.negative_counts, ElementsAre(0, 1));
  EXPECT_THAT(batches[1].targets.negative_counts, ElementsAre(0));
}

TEST(MicroBatch, QuestionsThenPositivesThenNegativesOfEach) {
  const TextModel model = letter_model();
  const MicroBatch batch = make_micro_batch(
      {{"a", "b", {"c", "d"}}, {"e", "f", {}}, {"g h", "i", {"j"}}}, model.tokenizer, 64);
  EXPECT_THAT(batch.targets.negative_counts, ElementsAre(2, 0, 1));
  EXPECT_EQ(batch.targets.num_questions(), 3);
  EXPECT_THAT(batch.tokens.cu_seqlens, ElementsAre(0, 3, 6, 10, 13, 16, 19, 22, 25, 28));
  std::string letters;
  for (const auto id : batch.tokens.ids) {
    if (id >= 5) letters += model.tokenizer.piece(id);
  }
  EXPECT_EQ(letters, "aeghbficdj");
}

}  // namespace
}  // namespace sbert
