#include "sbert/loss/known_positives.h"

#include <cmath>
#include <memory>
#include <numeric>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "sbert/loss/contrastive.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

AnswerKeys keys(std::vector<std::uint64_t> sorted) {
  return std::make_shared<const std::vector<std::uint64_t>>(std::move(sorted));
}

// Four questions. Documents 11 to 14 are their positives, 15 (of question 0), 16 and 17 (of 2) hard
// negatives. By the data 12 answers questions 0 and 1, 15 answers question 2, 16 its own question;
// question 3 has the text of document 11.
LossTargets targets() {
  LossTargets made;
  made.negative_counts = {1, 0, 2, 0};
  made.text_keys = {11, 12, 13, 14, 15, 16, 17};
  made.question_keys = {1, 2, 3, 4};
  made.answer_keys = {keys({11, 12}), keys({12}), keys({13, 15, 16, 99}), keys({11, 14})};
  return made;
}

LossBatch batch_of(LossTargets targets, std::int64_t width = 5) {
  at::manual_seed(7);
  const auto rows = [&](std::int64_t count) { return at::randn({count, width}, at::kDouble); };
  const std::int64_t size = targets.num_questions();
  const std::int64_t total = std::accumulate(targets.negative_counts.begin(),
                                             targets.negative_counts.end(), std::int64_t{0});
  return {rows(size), rows(size), rows(total), std::move(targets)};
}

TEST(KnownPairs, AreTheDocumentsAmongTheAnswersOfEachQuestion) {
  const LossTargets made = targets();
  EXPECT_THAT(known_pairs(made, made.text_keys),
              ElementsAre(KnownPair{0, 0}, KnownPair{0, 1}, KnownPair{1, 1}, KnownPair{2, 2},
                          KnownPair{2, 4}, KnownPair{2, 5}, KnownPair{3, 0}, KnownPair{3, 3}));
}

TEST(KnownPairs, OfMoreAnswersThanDocumentsAreTheSame) {
  LossTargets made = targets();
  std::vector<std::uint64_t> many(1'000);
  std::iota(many.begin(), many.end(), 12);
  made.answer_keys = {nullptr, keys(many), nullptr, keys({11})};
  EXPECT_THAT(known_pairs(made, std::vector<std::uint64_t>{11, 12, 11}),
              ElementsAre(KnownPair{1, 1}, KnownPair{3, 0}, KnownPair{3, 2}));
}

TEST(KnownPairs, WithoutAnswersThereAreNone) {
  LossTargets made = targets();
  made.answer_keys.clear();
  EXPECT_THAT(known_pairs(made, made.text_keys), IsEmpty());
  EXPECT_FALSE(known_of_questions(batch_of(made)).defined());
  EXPECT_FALSE(known_of_positives(batch_of(made)).defined());
}

TEST(KnownNegatives, AreCountedWhereTheLossWouldHaveThem) {
  EXPECT_EQ(count_known_negatives(targets(), false), 3);  // (0, 12), (3, 11); (2, 16) of its own
  EXPECT_EQ(count_known_negatives(targets(), true), 4);   // and (2, 15) of question 0
}

// The contrastive loss from its definition, with the documents that `answers` says left out.
double by_definition(const LossBatch& batch, const LossOptions& options) {
  const LossTargets& data = batch.targets;
  const auto size = static_cast<std::size_t>(data.num_questions());
  std::vector<std::size_t> owners;
  for (std::size_t i = 0; i < size; ++i)
    owners.insert(owners.end(), static_cast<std::size_t>(data.negative_counts[i]), i);
  const auto answers = [&](std::size_t question, std::uint64_t key) {
    const std::vector<std::uint64_t>& all = *data.answer_keys[question];
    return options.mask_known_positives && std::set(all.begin(), all.end()).contains(key);
  };
  const auto term = [&](const Tensor& a, const Tensor& b) {
    return std::exp(a.dot(b).item<double>() / options.temperature);
  };
  const auto row = [](const Tensor& rows, std::size_t i) {
    return rows[static_cast<std::int64_t>(i)];
  };
  double sum = 0;
  double backwards = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const double own = term(row(batch.questions, i), row(batch.positives, i));
    double total = own;
    double total_of_questions = own;
    for (std::size_t j = 0; j < size; ++j) {
      if (j == i) continue;
      if (options.in_batch_negatives && !answers(i, data.text_keys[j]))
        total += term(row(batch.questions, i), row(batch.positives, j));
      if (!answers(j, data.text_keys[i]))
        total_of_questions += term(row(batch.questions, j), row(batch.positives, i));
    }
    for (std::size_t n = 0; n < owners.size(); ++n) {
      const bool is_document = options.share_hard_negatives || owners[n] == i;
      if (is_document && !answers(i, data.text_keys[size + n]))
        total += term(row(batch.questions, i), row(batch.negatives, n));
    }
    for (std::int64_t m = 0; m < batch.memory.size(); ++m) {
      const auto key = static_cast<std::uint64_t>(batch.memory.text_keys[m].item<std::int64_t>());
      if (key != data.text_keys[i] && !answers(i, key))
        total += term(row(batch.questions, i), batch.memory.documents[m]);
    }
    sum -= std::log(own / total);
    backwards -= std::log(own / total_of_questions);
  }
  return (options.symmetric ? (sum + backwards) / 2 : sum) / static_cast<double>(size);
}

std::vector<LossOptions> each_way() {
  LossOptions plain;
  plain.temperature = 0.7;
  LossOptions shared = plain;
  shared.share_hard_negatives = true;
  LossOptions symmetric = plain;
  symmetric.symmetric = true;
  LossOptions own = plain;
  own.in_batch_negatives = false;
  return {plain, shared, symmetric, own};
}

LossMemory memory() {
  at::manual_seed(8);
  return {at::randn({4, 5}, at::kDouble), at::tensor({12, 99, 11, 77}, at::kLong),
          at::zeros({4}, at::kLong), at::zeros({4}, at::kLong)};
}

TEST(ContrastiveLossWithKnownPositives, EqualsItsDefinition) {
  for (LossOptions options : each_way()) {
    for (const bool is_masked : {true, false}) {
      options.mask_known_positives = is_masked;
      LossBatch batch = batch_of(targets());
      EXPECT_NEAR(make_contrastive_loss(options)->compute(batch).item<double>(),
                  by_definition(batch, options), 1e-12);
      if (!options.in_batch_negatives) continue;
      batch.memory = memory();
      EXPECT_NEAR(make_contrastive_loss(options)->compute(batch).item<double>(),
                  by_definition(batch, options), 1e-12);
    }
  }
}

TEST(ContrastiveLossWithKnownPositives, MaskingIsTheDefault) {
  const LossBatch batch = batch_of(targets());
  LossOptions on;
  on.temperature = 1;
  LossOptions off = on;
  off.mask_known_positives = false;
  EXPECT_LT(make_contrastive_loss(on)->compute(batch).item<double>(),
            make_contrastive_loss(off)->compute(batch).item<double>());
}

// As several processes compute it.
TEST(ContrastiveLossWithKnownPositives, PartsSumToTheWholeWithItsGradient) {
  for (const LossOptions& options : each_way()) {
    const auto result = [&](const std::vector<std::pair<std::int64_t, std::int64_t>>& parts) {
      LossBatch batch = batch_of(targets());
      if (options.in_batch_negatives) batch.memory = memory();
      for (Tensor* rows : {&batch.questions, &batch.positives, &batch.negatives})
        rows->requires_grad_(true);
      for (const auto& part : parts) {
        batch.part = part;
        make_contrastive_loss(options)->compute(batch).backward();
      }
      return std::vector{batch.questions.grad(), batch.positives.grad(), batch.negatives.grad()};
    };
    const std::vector<Tensor> whole = result({{0, 4}});
    const std::vector<Tensor> parts = result({{0, 1}, {1, 2}, {3, 1}});
    for (std::size_t i = 0; i < whole.size(); ++i)
      EXPECT_LT((whole[i] - parts[i]).abs().max().item<double>(), 1e-14);
  }
}

TEST(ContrastiveLossWithKnownPositives, TheOwnPositiveAlwaysStays) {
  LossTargets made = targets();
  for (AnswerKeys& each : made.answer_keys)
    each = keys({11, 12, 13, 14, 15, 16, 17});
  for (LossOptions options : each_way())
    EXPECT_NEAR(make_contrastive_loss(options)->compute(batch_of(made)).item<double>(), 0, 1e-15);
}

}  // namespace
}  // namespace sbert
