#include "sbert/loss/cross_batch_memory.h"

#include <cmath>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "sbert/base/message_of.h"
#include "sbert/loss/contrastive.h"
#include "sbert/loss/matryoshka.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A batch whose document of text key k has the embedding (k, -k). `keys` are of the positives, then
// of the negatives of the last question.
LossBatch batch_of(std::size_t questions, std::vector<std::uint64_t> keys) {
  LossBatch batch;
  std::vector<float> numbers(keys.begin(), keys.end());
  const Tensor column = at::tensor(numbers).unsqueeze(1);
  const Tensor documents = at::cat({column, -column}, 1);
  const auto size = static_cast<std::int64_t>(questions);
  batch.questions = at::ones({size, 2});
  batch.positives = documents.slice(0, 0, size);
  batch.negatives = documents.slice(0, size);
  batch.targets.negative_counts.assign(questions, 0);
  batch.targets.negative_counts.back() = static_cast<std::int64_t>(keys.size()) - size;
  for (std::size_t i = 0; i < questions; ++i)
    batch.targets.question_keys.push_back(100 + keys[i]);
  batch.targets.text_keys = std::move(keys);
  return batch;
}

std::vector<std::int64_t> numbers(const Tensor& tensor) {
  const Tensor flat = tensor.to(at::kLong).contiguous();
  return {flat.const_data_ptr<std::int64_t>(), flat.const_data_ptr<std::int64_t>() + flat.numel()};
}

TEST(CrossBatchMemory, BeginsEmpty) {
  EXPECT_EQ(CrossBatchMemory(3, 2, at::kCPU).documents().size(), 0);
}

TEST(CrossBatchMemory, TheOldestDocumentsGiveWay) {
  CrossBatchMemory memory(5, 2, at::kCPU);
  memory.add(batch_of(2, {1, 2, 3}));
  EXPECT_THAT(numbers(memory.documents().text_keys), ElementsAre(1, 2, 3));
  memory.add(batch_of(1, {4, 5, 6, 7}));  // from the fourth slot over the end to the second
  const LossMemory now = memory.documents();
  EXPECT_THAT(numbers(now.text_keys), ElementsAre(6, 7, 3, 4, 5));
  EXPECT_THAT(numbers(now.documents.select(1, 0)), ElementsAre(6, 7, 3, 4, 5));
  EXPECT_THAT(numbers(now.documents.select(1, 1)), ElementsAre(-6, -7, -3, -4, -5));
  EXPECT_THAT(numbers(now.question_keys), ElementsAre(0, 0, 0, 104, 0));
  EXPECT_THAT(numbers(now.id_keys), ElementsAre(0, 0, 0, 0, 0));
}

TEST(CrossBatchMemory, OfABatchLargerThanItselfTheLastStay) {
  CrossBatchMemory memory(3, 2, at::kCPU);
  memory.add(batch_of(2, {1, 2, 3, 4, 5, 6, 7}));
  EXPECT_THAT(numbers(memory.documents().text_keys), testing::UnorderedElementsAre(5, 6, 7));
  memory.add(batch_of(1, {8}));
  EXPECT_THAT(numbers(memory.documents().text_keys), testing::UnorderedElementsAre(6, 7, 8));
}

TEST(CrossBatchMemory, IdsAreKept) {
  CrossBatchMemory memory(4, 2, at::kCPU);
  LossBatch batch = batch_of(1, {1, 2});
  batch.targets.id_keys = {31, 0};
  memory.add(batch);
  EXPECT_THAT(numbers(memory.documents().id_keys), ElementsAre(31, 0));
}

TEST(CrossBatchMemory, WhatIsKeptIsCutFromTheGradient) {
  CrossBatchMemory memory(4, 2, at::kCPU);
  LossBatch batch = batch_of(1, {1, 2});
  batch.positives = batch.positives.clone().requires_grad_(true);
  memory.add(batch);
  EXPECT_FALSE(memory.documents().documents.requires_grad());
}

TEST(CrossBatchMemory, AStateGoesOnAsTheOneItWasTakenFrom) {
  CrossBatchMemory first(5, 2, at::kCPU);
  first.add(batch_of(2, {1, 2, 3, 4}));
  CrossBatchMemory second(5, 2, at::kCPU);
  const NamedTensors from = first.state();
  const NamedTensors to = second.state();
  for (std::size_t i = 0; i < from.size(); ++i)
    to[i].tensor.copy_(from[i].tensor);
  for (CrossBatchMemory* each : {&first, &second})
    each->add(batch_of(1, {5, 6, 7}));
  EXPECT_TRUE(first.documents().documents.equal(second.documents().documents));
  EXPECT_THAT(numbers(second.documents().text_keys), ElementsAre(6, 7, 3, 4, 5));
}

TEST(CrossBatchMemory, AStateOfNoSenseIsEmpty) {
  CrossBatchMemory memory(3, 2, at::kCPU);
  memory.state().back().tensor.fill_(-7);
  EXPECT_EQ(memory.documents().size(), 0);
}

// Three questions with hard negatives and five documents of the memory, of which the first has the
// text of positive 0, the second was a positive of question 1, the third has the id of positive 2.
LossBatch with_memory() {
  at::manual_seed(5);
  const auto unit = [](std::int64_t rows) {
    const Tensor x = at::randn({rows, 6}, at::kDouble);
    return x / x.norm(2, -1, true);
  };
  LossBatch batch{unit(3), unit(3), unit(3), {}};
  batch.targets.negative_counts = {2, 0, 1};
  batch.targets.text_keys = {11, 12, 13, 14, 15, 16};
  batch.targets.id_keys = {21, 22, 23, 0, 0, 0};
  batch.targets.question_keys = {31, 32, 33};
  batch.memory = {unit(5), at::tensor({11, 42, 43, 44, 45}, at::kLong),
                  at::tensor({0, 0, 23, 0, 0}, at::kLong),
                  at::tensor({0, 32, 0, 99, 0}, at::kLong)};
  return batch;
}

LossOptions warm() {
  LossOptions options;
  options.temperature = 0.3;
  return options;
}

double value(const LossBatch& batch, const LossOptions& options) {
  return make_contrastive_loss(options)->compute(batch).item<double>();
}

// Question by question; `is_out(i, m)` says which documents of the memory are not negatives.
template <typename IsOut>
double by_definition(const LossBatch& batch, const LossOptions& options, const IsOut& is_out) {
  double sum = 0;
  std::int64_t next = 0;
  for (std::int64_t i = 0; i < 3; ++i) {
    double total = 0;
    const auto term = [&](const Tensor& document) {
      return std::exp(batch.questions[i].dot(document).item<double>() / options.temperature);
    };
    for (std::int64_t j = 0; j < 3; ++j)
      total += term(batch.positives[j]);
    for (std::int64_t h = 0; h < batch.targets.negative_counts[static_cast<std::size_t>(i)]; ++h)
      total += term(batch.negatives[next++]);
    for (std::int64_t m = 0; m < batch.memory.size(); ++m) {
      if (!is_out(i, m)) total += term(batch.memory.documents[m]);
    }
    sum -= std::log(term(batch.positives[i]) / total);
  }
  return sum / 3;
}

bool is_known(std::int64_t question, std::int64_t document) {
  return (question == 0 && document == 0) || (question == 1 && document == 1);
}

TEST(ContrastiveLossWithMemory, EqualsItsDefinition) {
  const LossBatch batch = with_memory();
  EXPECT_NEAR(value(batch, warm()), by_definition(batch, warm(), is_known), 1e-12);
  LossBatch without = batch;
  without.memory = {};
  EXPECT_GT(value(batch, warm()), value(without, warm()));
}

TEST(ContrastiveLossWithMemory, SameIdsAreLeftOutOnRequest) {
  const LossBatch batch = with_memory();
  LossOptions options = warm();
  options.mask_same_id = true;
  EXPECT_NEAR(value(batch, options),
              by_definition(batch, options,
                            [](std::int64_t i, std::int64_t m) {
                              return is_known(i, m) || (i == 2 && m == 2);
                            }),
              1e-12);
}

TEST(ContrastiveLossWithMemory, DocumentsAboveTheMarginAreLeftOut) {
  LossBatch batch = with_memory();
  batch.positives = batch.questions.clone();  // own scores are 1, the greatest of the batch
  batch.memory.documents = batch.memory.documents * 4;
  LossOptions options = warm();
  options.false_negative_margin = 0.1;
  std::int64_t above = 0;
  const double expected = by_definition(batch, options, [&](std::int64_t i, std::int64_t m) {
    const bool is_above =
        batch.questions[i].dot(batch.memory.documents[m]).item<double>() > 1 + 0.1;
    above += is_above ? 1 : 0;
    return is_above || is_known(i, m);
  });
  EXPECT_GT(above, 0);
  EXPECT_NEAR(value(batch, options), expected, 1e-12);
}

TEST(ContrastiveLossWithMemory, HasNoPartInTheSymmetricHalf) {
  const LossBatch batch = with_memory();
  LossBatch without = batch;
  without.memory = {};
  LossOptions both = warm();
  both.symmetric = true;
  const double backwards = 2 * value(without, both) - value(without, warm());
  EXPECT_NEAR(value(batch, both), (value(batch, warm()) + backwards) / 2, 1e-12);
}

TEST(ContrastiveLossWithMemory, SmoothingCountsItsDocuments) {
  // Equal scores all over: the value is the logarithm of the number of documents, smoothed or not.
  LossBatch batch = with_memory();
  batch.questions = at::zeros_like(batch.questions);
  LossOptions options = warm();
  options.label_smoothing = 0.2;
  const double expected = (std::log(3 + 2 + 4) + std::log(3 + 0 + 4) + std::log(3 + 1 + 5)) / 3;
  EXPECT_NEAR(value(batch, options), expected, 1e-12);
}

TEST(ContrastiveLossWithMemory, GradientEqualsFiniteDifferences) {
  LossOptions options = warm();
  options.share_hard_negatives = true;
  options.symmetric = true;
  LossBatch batch = with_memory();
  for (Tensor* input : {&batch.questions, &batch.positives, &batch.negatives})
    input->requires_grad_(true);
  make_contrastive_loss(options)->compute(batch).backward();
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

TEST(ContrastiveLossWithMemory, IsCutToMatryoshkaSizes) {
  LossOptions options = warm();
  options.matryoshka_dims = {4};
  const LossBatch batch = with_memory();
  LossBatch cut = batch;
  for (Tensor* rows : {&cut.questions, &cut.positives, &cut.negatives, &cut.memory.documents}) {
    *rows = rows->narrow(1, 0, 4);
    *rows = *rows / rows->norm(2, -1, true);
  }
  EXPECT_NEAR(make_loss(options, 6, 1)->compute(batch).item<double>(), value(cut, warm()), 1e-12);
}

TEST(ContrastiveLossWithMemory, ShapesThatDisagreeAreRefused) {
  const auto refusal = [](auto&& change) {
    LossBatch batch = with_memory();
    change(batch);
    return message_of(ErrorKind::kInternal, [&] { value(batch, warm()); });
  };
  const auto disagree = HasSubstr("shapes of the batch disagree");
  EXPECT_THAT(refusal([](auto& b) { b.memory.documents = at::zeros({5, 7}, at::kDouble); }),
              disagree);
  EXPECT_THAT(refusal([](auto& b) { b.memory.text_keys = at::zeros({4}, at::kLong); }), disagree);
  EXPECT_THAT(refusal([](auto& b) { b.memory.id_keys = Tensor(); }), disagree);
  EXPECT_THAT(refusal([](auto& b) { b.memory.question_keys = at::zeros({5}); }), disagree);
  EXPECT_THAT(refusal([](auto& b) { b.targets.question_keys.clear(); }), disagree);
  EXPECT_THAT(refusal([](auto& b) { b.targets.question_keys.pop_back(); }), disagree);
}

}  // namespace
}  // namespace sbert
