#include "sbert/loss/false_negatives.h"

#include <limits>

#include <gmock/gmock.h>

#include <ATen/ATen.h>

#include "sbert/loss/contrastive.h"

namespace sbert {
namespace {

// Two questions, one hard negative each. Documents: positives 0 and 1, negatives 2 and 3.
ScoreTable planted() {
  return {at::tensor({0.5, 0.6, 0.4, 0.3, 0.7, 0.9}, at::kDouble).view({2, 3}),
          at::tensor({0, 1, 2, 0, 1, 3}, at::kLong).view({2, 3}), at::arange(2, at::kLong),
          at::arange(2, at::kLong)};
}

std::vector<bool> left_out_of(const ScoreTable& table,
                              const LossTargets& targets,
                              const LossOptions& options) {
  const Tensor mask = left_out(table, targets, options).flatten();
  std::vector<bool> flags;
  for (std::int64_t i = 0; i < mask.numel(); ++i)
    flags.push_back(mask[i].item<bool>());
  return flags;
}

using testing::ElementsAre;

TEST(FalseNegatives, WithoutMasksEachDocumentCounts) {
  EXPECT_THAT(left_out_of(planted(), {}, {}),
              ElementsAre(false, false, false, false, false, false));
}

TEST(FalseNegatives, APlaceWithoutADocumentIsLeftOut) {
  ScoreTable table = planted();
  table.documents[0][2] = -1;
  EXPECT_THAT(left_out_of(table, {}, {}), ElementsAre(false, false, true, false, false, false));
}

TEST(FalseNegatives, ADocumentWithThePositivesTextIsLeftOutForThatQuestionOnly) {
  LossOptions options;
  options.mask_same_text = true;
  LossTargets targets;
  targets.text_keys = {21, 22, 21, 21};  // negative 3, of question 1, is the positive of question 0
  EXPECT_THAT(left_out_of(planted(), targets, options),
              ElementsAre(false, false, true, false, false, false));
  targets.text_keys = {21, 21, 22, 23};  // both questions have one positive
  EXPECT_THAT(left_out_of(planted(), targets, options),
              ElementsAre(false, true, false, true, false, false));
}

TEST(FalseNegatives, KeysUseAll64Bits) {
  LossOptions options;
  options.mask_same_text = true;
  LossTargets targets;
  constexpr auto kTop = std::numeric_limits<std::uint64_t>::max();
  targets.text_keys = {kTop, kTop - 1, kTop, kTop >> 1};
  EXPECT_THAT(left_out_of(planted(), targets, options),
              ElementsAre(false, false, true, false, false, false));
}

TEST(FalseNegatives, DocumentsWithoutAnIdAreNotTheSame) {
  LossOptions options;
  options.mask_same_id = true;
  LossTargets targets;
  targets.id_keys = {0, 9, 0, 9};
  EXPECT_THAT(left_out_of(planted(), targets, options),
              ElementsAre(false, false, false, false, false, true));
}

TEST(FalseNegatives, AScoreAboveThePositivesPlusTheMarginIsLeftOut) {
  const auto with_margin = [](double margin) {
    LossOptions options;
    options.false_negative_margin = margin;
    return left_out_of(planted(), {}, options);
  };
  EXPECT_THAT(with_margin(0), ElementsAre(false, true, false, false, false, true));
  EXPECT_THAT(with_margin(0.15), ElementsAre(false, false, false, false, false, true));
  EXPECT_THAT(with_margin(0.25), ElementsAre(false, false, false, false, false, false));
  EXPECT_THAT(with_margin(-0.15), ElementsAre(false, true, true, false, false, true));
  EXPECT_THAT(with_margin(std::numeric_limits<double>::quiet_NaN()),
              ElementsAre(false, false, false, false, false, false));
}

TEST(FalseNegatives, AnEqualScoreIsNoFalseNegative) {
  ScoreTable table = planted();
  table.scores.fill_(0.5);
  LossOptions options;
  options.false_negative_margin = 0;
  EXPECT_THAT(left_out_of(table, {}, options),
              ElementsAre(false, false, false, false, false, false));
}

TEST(FalseNegatives, AMaskedDocumentGetsNoGradient) {
  LossBatch batch{at::eye(2, at::kDouble),
                  at::eye(2, at::kDouble),
                  at::ones({2, 2}, at::kDouble).requires_grad_(true),
                  {}};
  batch.targets.negative_counts = {1, 1};
  batch.targets.text_keys = {1, 2, 1, 4};
  LossOptions options;
  options.temperature = 1;
  options.mask_same_text = true;
  make_contrastive_loss(options)->compute(batch).backward();
  EXPECT_TRUE(batch.negatives.grad()[0].eq(0).all().item<bool>());
  EXPECT_FALSE(batch.negatives.grad()[1].eq(0).all().item<bool>());
}

TEST(FalseNegatives, OneDocumentInAWholeBatchLeavesNothingToTellApart) {
  LossBatch batch{at::randn({3, 2}), at::ones({3, 2}), at::ones({1, 2}), {}};
  batch.targets.negative_counts = {0, 1, 0};
  batch.targets.text_keys = {7, 7, 7, 7};
  LossOptions options;
  options.mask_same_text = true;
  options.symmetric = true;
  options.share_hard_negatives = true;
  EXPECT_EQ(make_contrastive_loss(options)->compute(batch).item<float>(), 0);
}

}  // namespace
}  // namespace sbert
