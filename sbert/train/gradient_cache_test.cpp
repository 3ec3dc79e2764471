#include "sbert/train/gradient_cache.h"

#include <map>

#include <gtest/gtest.h>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "sbert/base/named_tensor.h"
#include "tests/support/letter_model.h"

namespace sbert {
namespace {

std::vector<TrainingTexts> rows() {
  std::vector<TrainingTexts> result;
  for (int i = 0; i < 32; ++i) {
    const auto letters = [&](int start, int length) {
      std::string text;
      for (int j = 0; j < length; ++j) {
        text += std::string(1, static_cast<char>('a' + (start + 3 * j) % 26)) + " ";
      }
      return text;
    };
    TrainingTexts row{letters(i, 3 + i % 3), letters(i + 1, 7), {}};
    for (int n = 0; n < i % 4; ++n)
      row.negatives.push_back(letters(i + n + 5, 2 + n));
    result.push_back(row);
  }
  return result;
}

struct Outcome {
  double loss;
  std::map<std::string, Tensor> gradients;
};

Outcome run(std::ptrdiff_t micro_batch_size,
            double dropout,
            std::uint64_t key = 3,
            int workers = 1) {
  SentenceModel model = letter_model();
  model.encoder.set_dropout(dropout, dropout);
  for (NamedTensor& p : model.encoder.parameters())
    p.tensor.requires_grad_(true);
  const auto all = rows();
  std::vector<MicroBatch> batches;
  for (auto first = all.begin(); first != all.end(); first += micro_batch_size) {
    batches.push_back(make_micro_batch({first, first + micro_batch_size}, model.tokenizer, 64));
  }
  const auto loss = make_loss({.temperature = 0.1}, model.encoder.config().hidden_size, 0);
  GradientCache gradient(model, *loss, workers);
  Outcome outcome{gradient.compute(batches, key), {}};
  for (const NamedTensor& p : model.encoder.parameters()) {
    outcome.gradients[p.name] = p.tensor.grad().clone();
  }
  return outcome;
}

double largest_relative_difference(const Outcome& a, const Outcome& b) {
  double largest = 0;
  for (const auto& [name, gradient] : a.gradients) {
    const double size = gradient.abs().max().item<double>();
    const double difference = (gradient - b.gradients.at(name)).abs().max().item<double>();
    if (size > 1e-6) largest = std::max(largest, difference / size);
  }
  return largest;
}

TEST(GradientCache, DoesNotDependOnTheMicroBatchesWithDropoutOn) {
  const Outcome whole = run(32, 0.1);
  for (const std::ptrdiff_t size : {1, 2, 8}) {
    const Outcome parts = run(size, 0.1);
    EXPECT_NEAR(parts.loss, whole.loss, 1e-5 * whole.loss);
    EXPECT_LT(largest_relative_difference(whole, parts), 1e-5) << "micro batches of " << size;
  }
}

TEST(GradientCache, TheSecondPassDrawsTheDropoutOfTheFirst) {
  // With other masks in the second pass the gradient would not be that of the loss: compare with a
  // finite difference along the gradient itself.
  SentenceModel model = letter_model();
  model.encoder.set_dropout(0.2, 0.2);
  for (NamedTensor& p : model.encoder.parameters())
    p.tensor.requires_grad_(true);
  const auto all = rows();
  const std::vector<MicroBatch> batches{
      make_micro_batch({all.begin(), all.begin() + 4}, model.tokenizer, 64),
      make_micro_batch({all.begin() + 4, all.end()}, model.tokenizer, 64)};
  const auto contrastive = make_loss({.temperature = 1.0}, model.encoder.config().hidden_size, 0);
  GradientCache gradient(model, *contrastive, 2);
  const auto loss = [&] { return gradient.compute(batches, 3); };
  loss();
  std::map<std::string, Tensor> direction;
  double squares = 0;
  for (const NamedTensor& p : model.encoder.parameters()) {
    direction[p.name] = p.tensor.grad().clone();
    squares += p.tensor.grad().to(at::kDouble).pow(2).sum().item<double>();
  }
  const auto move = [&](double step) {
    const at::NoGradGuard no_grad;
    for (const NamedTensor& p : model.encoder.parameters())
      p.tensor.add_(direction[p.name], step);
  };
  const double step = 0.01 / squares;
  move(step);
  const double up = loss();
  move(-2 * step);
  const double down = loss();
  EXPECT_NEAR((up - down) / (2 * step), squares, 0.02 * squares);
}

TEST(GradientCache, DoesNotDependOnTheWorkersWithDropoutEither) {
  for (const std::ptrdiff_t size : {32, 8}) {
    const Outcome one = run(size, 0.1, 3, 1);
    for (const int workers : {2, 3, 50}) {
      const Outcome many = run(size, 0.1, 3, workers);
      EXPECT_NEAR(many.loss, one.loss, 1e-5 * one.loss);
      EXPECT_LT(largest_relative_difference(one, many), 1e-5) << workers << " workers";
    }
  }
}

TEST(GradientCache, TheSameKeyGivesTheSameBits) {
  const Outcome a = run(4, 0.1, 3, 2);
  const Outcome b = run(4, 0.1, 3, 2);
  const Outcome other = run(4, 0.1, 4, 2);
  EXPECT_EQ(a.loss, b.loss);
  EXPECT_EQ(largest_relative_difference(a, b), 0);
  EXPECT_NE(a.loss, other.loss);
}

}  // namespace
}  // namespace sbert
