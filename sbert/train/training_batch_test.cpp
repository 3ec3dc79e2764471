#include "sbert/train/training_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/letter_model.h"

namespace sbert {
namespace {

using testing::ElementsAre;

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

TEST(MicroBatch, QuestionsThenPositivesThenNegativesOfEach) {
  const SentenceModel model = letter_model();
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
