#include "sbert/loss/contrastive.h"

#include <cmath>

#include <gtest/gtest.h>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "sbert/base/error.h"

namespace sbert {
namespace {

struct Batch {
  Tensor questions, positives, negatives;
  std::vector<std::int64_t> counts;
};

Batch random_batch(std::vector<std::int64_t> counts) {
  at::manual_seed(3);
  std::int64_t total = 0;
  for (const auto count : counts)
    total += count;
  const auto unit = [](const Tensor& x) { return x / x.norm(2, -1, true); };
  const auto size = static_cast<std::int64_t>(counts.size());
  return {unit(at::randn({size, 6}, at::kDouble)), unit(at::randn({size, 6}, at::kDouble)),
          unit(at::randn({total, 6}, at::kDouble)), std::move(counts)};
}

LossOptions options_of(double temperature, double label_smoothing) {
  LossOptions options;
  options.temperature = temperature;
  options.label_smoothing = label_smoothing;
  return options;
}

Tensor loss_of(const Batch& batch, const LossOptions& options) {
  LossBatch whole{batch.questions, batch.positives, batch.negatives, {}};
  whole.targets.negative_counts = batch.counts;
  return make_contrastive_loss(options)->compute(whole);
}

double value(const Batch& batch, const LossOptions& options) {
  return loss_of(batch, options).item<double>();
}

// The definition, question by question.
double by_definition(const Batch& batch, const LossOptions& options) {
  double sum = 0;
  std::int64_t next = 0;
  const std::int64_t size = batch.questions.size(0);
  for (std::int64_t i = 0; i < size; ++i) {
    std::vector<double> scores;
    const auto add = [&](const Tensor& document) {
      scores.push_back(batch.questions[i].dot(document).item<double>() / options.temperature);
    };
    for (std::int64_t j = 0; j < size; ++j)
      add(batch.positives[j]);
    const std::int64_t count = batch.counts[static_cast<std::size_t>(i)];
    for (std::int64_t h = 0; h < count; ++h)
      add(batch.negatives[next + h]);
    next += count;
    double total = 0;
    for (const double score : scores)
      total += std::exp(score);
    const double own = scores[static_cast<std::size_t>(i)] - std::log(total);
    double all = 0;
    for (const double score : scores)
      all += score - std::log(total);
    const double mean = all / static_cast<double>(scores.size());
    sum -= (1 - options.label_smoothing) * own + options.label_smoothing * mean;
  }
  return sum / static_cast<double>(size);
}

TEST(ContrastiveLoss, EqualsItsDefinition) {
  for (const auto& counts : {std::vector<std::int64_t>{2, 2, 2}, {0, 3, 1}, {0, 0, 0}, {1}}) {
    for (const LossOptions& options : {LossOptions{}, options_of(0.3, 0.1), options_of(1, 0)}) {
      const Batch batch = random_batch(counts);
      EXPECT_NEAR(value(batch, options), by_definition(batch, options), 1e-12);
    }
  }
}

// Processes compute the loss by parts: each its own questions against all documents.
TEST(ContrastiveLoss, PartsSumToTheWholeWithItsGradient) {
  LossOptions shared = options_of(0.2, 0.1);
  shared.share_hard_negatives = true;
  shared.symmetric = true;
  shared.mask_same_text = true;
  LossOptions own = options_of(0.2, 0);
  own.in_batch_negatives = false;
  LossOptions masked = options_of(0.3, 0);
  masked.false_negative_margin = 0.1;
  masked.learn_temperature = true;
  for (const LossOptions& options : {options_of(0.2, 0.1), shared, own, masked}) {
    const auto gradients = [&](const std::vector<std::pair<std::int64_t, std::int64_t>>& parts) {
      const Batch made = random_batch({2, 0, 1, 1, 3});
      LossBatch batch{made.questions.requires_grad_(true),
                      made.positives.requires_grad_(true),
                      made.negatives.requires_grad_(true),
                      {}};
      batch.targets.negative_counts = made.counts;
      batch.targets.text_keys = {1, 2, 3, 4, 5, 6, 7, 2, 9, 10, 4, 12};
      batch.targets.question_keys = {21, 22, 23, 24, 25};
      batch.memory = {made.negatives.detach().slice(0, 0, 3).neg(),
                      at::tensor({31, 2, 33}, at::kLong), at::zeros({3}, at::kLong),
                      at::tensor({24, 0, 0}, at::kLong)};
      const auto loss = make_contrastive_loss(options);
      double sum = 0;
      for (const auto& part : parts) {
        batch.part = part;
        const Tensor value = loss->compute(batch);
        sum += value.item<double>();
        value.backward();
      }
      std::vector<Tensor> found{at::scalar_tensor(sum, at::kDouble), batch.questions.grad(),
                                batch.positives.grad(), batch.negatives.grad()};
      for (const NamedTensor& parameter : loss->parameters())
        found.push_back(parameter.tensor.grad());
      return found;
    };
    const std::vector<Tensor> whole = gradients({{0, 5}});
    const std::vector<Tensor> parts = gradients({{0, 2}, {2, 1}, {3, 2}});
    for (std::size_t i = 0; i < whole.size(); ++i) {
      const double limit = whole[i].scalar_type() == at::kDouble ? 1e-14 : 1e-6;
      if (!whole[i].defined() && !parts[i].defined()) continue;
      EXPECT_LT((whole[i] - parts[i]).abs().max().item<double>(), limit) << i;
    }
  }
}

TEST(ContrastiveLoss, OneQuestionWithoutNegativesHasNothingToTellApart) {
  EXPECT_EQ(value(random_batch({0}), {}), 0.0);
}

TEST(ContrastiveLoss, GradientEqualsFiniteDifferences) {
  for (const LossOptions& options : {options_of(0.2, 0), options_of(0.2, 0.2)}) {
    Batch batch = random_batch({2, 0, 1});
    for (Tensor* input : {&batch.questions, &batch.positives, &batch.negatives}) {
      input->requires_grad_(true);
    }
    loss_of(batch, options).backward();
    const at::NoGradGuard no_grad;
    for (Tensor* input : {&batch.questions, &batch.positives, &batch.negatives}) {
      const Tensor gradient = input->grad().flatten();
      Tensor flat = input->view(-1);
      constexpr double kStep = 1e-6;
      for (std::int64_t i = 0; i < flat.size(0); ++i) {
        flat[i] += kStep;
        const double up = value(batch, options);
        flat[i] -= 2 * kStep;
        const double down = value(batch, options);
        flat[i] += kStep;
        EXPECT_NEAR(gradient[i].item<double>(), (up - down) / (2 * kStep), 1e-8);
      }
    }
  }
}

TEST(ContrastiveLoss, HardNegativesBelongToTheirQuestionAlone) {
  Batch batch = random_batch({1, 0});
  batch.negatives.requires_grad_(true);
  batch.questions.requires_grad_(true);
  loss_of(batch, {}).backward();
  // The second question's gradient does not see the first's negative.
  Batch without = random_batch({1, 0});
  without.negatives.zero_();
  without.questions.requires_grad_(true);
  loss_of(without, {}).backward();
  EXPECT_TRUE(batch.questions.grad()[1].equal(without.questions.grad()[1]));
  EXPECT_FALSE(batch.questions.grad()[0].equal(without.questions.grad()[0]));
}

TEST(ContrastiveLoss, ClampHoldsScoresToCosinesAndStopsTheirGradient) {
  // The dot products are 4 and -4 for the first question, 0.25 and -0.25 for the second.
  LossBatch batch{at::tensor({2.0, 0.125}, at::kDouble).view({2, 1}).requires_grad_(true),
                  at::tensor({2.0, -2.0}, at::kDouble).view({2, 1}),
                  at::zeros({0, 1}, at::kDouble),
                  {}};
  batch.targets.negative_counts = {0, 0};
  LossOptions options;
  options.temperature = 1;
  options.clamp = true;
  const Tensor loss = make_contrastive_loss(options)->compute(batch);
  // -log of e / (e + 1/e), and of e^-0.25 / (e^-0.25 + e^0.25)
  const double expected = (std::log1p(std::exp(-2.0)) + std::log1p(std::exp(0.5))) / 2;
  EXPECT_NEAR(loss.item<double>(), expected, 1e-14);
  loss.backward();
  EXPECT_EQ(batch.questions.grad()[0].item<double>(), 0);
  // d/dx of log(1 + e^(4x)) / 2 at x = 1/8
  EXPECT_NEAR(batch.questions.grad()[1].item<double>(), 2 / (1 + std::exp(-0.5)), 1e-14);
}

TEST(ContrastiveLoss, TheMarginIsConstantToTheGradient) {
  Batch batch = random_batch({1, 1});
  LossBatch all{batch.questions.requires_grad_(true), batch.positives, batch.negatives, {}};
  all.targets.negative_counts = batch.counts;
  LossOptions options;
  options.false_negative_margin = -2.5;  // below any score: nothing is left but the positives
  const Tensor loss = make_contrastive_loss(options)->compute(all);
  EXPECT_EQ(loss.item<double>(), 0);
  loss.backward();
  EXPECT_TRUE(batch.questions.grad().eq(0).all().item<bool>());
}

TEST(ContrastiveLoss, ShapesThatDisagreeAreRefused) {
  Batch batch = random_batch({1, 1});
  batch.counts = {1, 2};
  EXPECT_THROW(value(batch, {}), Error);
}

}  // namespace
}  // namespace sbert
