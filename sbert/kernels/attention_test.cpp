#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sbert/kernels/cpu_variant.h"
#include "sbert/kernels/kernels.h"
#include "tests/support/exact_attention.h"

namespace sbert {
namespace {

// Memory of exactly the size that a kernel asks for.
template <typename Real>
struct Scratch {
  explicit Scratch(std::int64_t size)
      : values(static_cast<std::size_t>(size) + kGuard, Real(kUntouched)) {}
  ~Scratch() {
    for (std::size_t i = values.size() - kGuard; i < values.size(); ++i)
      EXPECT_EQ(values[i], Real(kUntouched)) << "written beyond the scratch memory";
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  static constexpr std::size_t kGuard = 64;
  std::vector<Real> values;
};

template <typename Real>
AttentionResult<Real> run(const Kernels<Real>& kernels, const AttentionProblem<Real>& problem) {
  AttentionResult<Real> result(problem);
  const std::int64_t d = problem.shape.head_dim;
  Scratch<Real> forward(kernels.attention_scratch(d, problem.longest()));
  const AttentionOutput<Real> output{result.context.written(), result.log_sum_exp.flat.data()};
  problem.for_each_part([&](const AttentionPart& part) {
    kernels.attention(problem.input(), output, part, forward.values.data());
  });
  Scratch<Real> backward(kernels.attention_gradient_scratch(d, problem.longest()));
  const AttentionGradient<Real> gradient{.context = result.context.read(),
                                         .log_sum_exp = result.log_sum_exp.flat.data(),
                                         .grad_context = problem.grad_context.read(),
                                         .grad_queries = result.grad_queries.written(),
                                         .grad_keys = result.grad_keys.written(),
                                         .grad_values = result.grad_values.written()};
  problem.for_each_part([&](const AttentionPart& part) {
    kernels.attention_gradient(problem.input(), gradient, part, backward.values.data());
  });
  return result;
}

template <typename Real>
void expect_near(const AttentionRows<Real>& found,
                 const AttentionRows<double>& exact,
                 double tolerance,
                 const std::string& what) {
  double worst = 0;
  bool is_padding_untouched = true;
  const auto rows = static_cast<std::int64_t>(found.flat.size()) / found.stride;
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t k = 0; k < found.stride; ++k) {
      if (k >= found.width) {
        is_padding_untouched = is_padding_untouched && found.at(i, k) == kUntouched;
      } else {
        const double error = std::abs(found.at(i, k) - exact.at(i, k));
        worst = std::isnan(error) ? INFINITY : std::max(worst, error);
      }
    }
  }
  EXPECT_LE(worst, tolerance) << what;
  EXPECT_TRUE(is_padding_untouched) << what;
}

// Scores are up to some 40, so a weight is off by as many units of rounding; a gradient is a sum of
// hundreds of them. Measured: at most 40 units for contexts, 20 sqrt(D) for log-sum-exps, and 100
// for gradients.
template <typename Real>
void expect_exact(const Kernels<Real>& kernels, const AttentionProblem<Real>& problem) {
  const double unit = static_cast<double>(std::numeric_limits<Real>::epsilon());
  const AttentionShape& shape = problem.shape;
  const std::string name = "head of " + std::to_string(shape.head_dim) + ", window " +
                           std::to_string(shape.window) + ", causal " +
                           std::to_string(shape.is_causal) + ", dropout " +
                           std::to_string(problem.dropout) + ": ";
  const AttentionResult<Real> found = run(kernels, problem);
  const AttentionResult<double> exact = exact_attention(problem);
  const double root = std::sqrt(static_cast<double>(shape.head_dim));
  expect_near(found.context, exact.context, 100 * unit, name + "context");
  expect_near(found.log_sum_exp, exact.log_sum_exp, 50 * root * unit, name + "log-sum-exp");
  expect_near(found.grad_queries, exact.grad_queries, 300 * unit, name + "queries");
  expect_near(found.grad_keys, exact.grad_keys, 300 * unit, name + "keys");
  expect_near(found.grad_values, exact.grad_values, 300 * unit, name + "values");
}

AttentionShape shape_of(std::int64_t heads, std::int64_t key_heads, std::int64_t head_dim) {
  return {.num_heads = heads,
          .num_key_heads = key_heads,
          .head_dim = head_dim,
          .scale = 1 / std::sqrt(static_cast<double>(head_dim))};
}

// Around the blocks of queries and the tiles of keys of every width; an empty sequence.
const std::vector<std::int32_t> kStarts{0, 1, 3, 8, 8, 15, 31, 48, 65, 142, 272};

template <typename Real>
void expect_exact_at_all_widths(const Kernels<Real>& kernels) {
  for (const std::int64_t d : {1, 4, 6, 8, 20, 32, 64}) {
    for (const double dropout : {0.0, 0.3})
      expect_exact(kernels, AttentionProblem<Real>(shape_of(2, 2, d), kStarts, dropout));
  }
}

template <typename Real>
void expect_exact_with_masks(const Kernels<Real>& kernels) {
  for (const bool is_causal : {false, true}) {
    for (const std::int64_t window : {0, 1, 7, 40}) {
      AttentionShape shape = shape_of(1, 1, 12);
      shape.is_causal = is_causal;
      shape.window = window;
      expect_exact(kernels, AttentionProblem<Real>(shape, kStarts, 0.2));
    }
  }
}

template <typename Real>
void expect_exact_with_fewer_key_heads(const Kernels<Real>& kernels) {
  AttentionShape shape = shape_of(6, 2, 16);
  shape.scale = 0.2;
  expect_exact(kernels, AttentionProblem<Real>(shape, kStarts, 0.1));
}

class AttentionTest : public testing::TestWithParam<CpuVariant> {
 protected:
  void SetUp() override {
    if (!supports(GetParam())) GTEST_SKIP() << "this processor lacks the instructions";
    kernels_ = kernels_of<float>(GetParam());
  }

  Kernels<float> kernels_{};
};

INSTANTIATE_TEST_SUITE_P(All,
                         AttentionTest,
                         testing::Values(CpuVariant::kGeneric,
                                         CpuVariant::kAvx2,
                                         CpuVariant::kAvx512),
                         [](const auto& each) { return cpu_variant_name(each.param); });

TEST_P(AttentionTest, EqualsDoubleAtAllWidths) {
  expect_exact_at_all_widths(kernels_);
}

TEST_P(AttentionTest, EqualsDoubleWithCausalMasksAndWindows) {
  expect_exact_with_masks(kernels_);
}

TEST_P(AttentionTest, EqualsDoubleWhereAKeyHeadServesSeveralHeads) {
  expect_exact_with_fewer_key_heads(kernels_);
}

TEST(Attention, InDoubleEqualsWholeMatrices) {
  const Kernels<double> kernels = kernels_of<double>(CpuVariant::kGeneric);
  expect_exact_at_all_widths(kernels);
  expect_exact_with_masks(kernels);
  expect_exact_with_fewer_key_heads(kernels);
}

TEST_P(AttentionTest, ASequenceDoesNotDependOnItsNeighboursNorOnTheLayoutOfRows) {
  constexpr std::int64_t kDim = 20;
  constexpr std::int64_t kWidth = 2 * kDim;
  const AttentionProblem<float> problem(shape_of(2, 2, kDim), {0, 13, 50, 90}, 0);
  std::vector<float> fused;  // [37, 3 * kWidth] of the second sequence
  for (std::int64_t i = 13; i < 50; ++i) {
    for (const auto* rows : {&problem.queries, &problem.keys, &problem.values}) {
      const auto from = rows->flat.begin() + i * rows->stride;
      fused.insert(fused.end(), from, from + kWidth);
    }
  }
  const std::vector<std::int32_t> starts{0, 37};
  std::vector<float> context(area(37, kWidth));
  Scratch<float> scratch(kernels_.attention_scratch(kDim, 37));
  const AttentionInput<float> input{.shape = problem.shape,
                                    .queries = {fused.data(), 3 * kWidth},
                                    .keys = {fused.data() + kWidth, 3 * kWidth},
                                    .values = {fused.data() + 2 * kWidth, 3 * kWidth},
                                    .cu_seqlens = starts.data()};
  for (std::int64_t head = 0; head < 2; ++head) {  // and without log_sum_exp
    kernels_.attention(input, {.context = {context.data(), kWidth}}, {.sequence = 0, .head = head},
                       scratch.values.data());
  }
  const AttentionResult<float> together = run(kernels_, problem);
  for (std::int64_t i = 0; i < 37; ++i) {
    for (std::int64_t k = 0; k < kWidth; ++k)
      ASSERT_EQ(context[place(i, k, kWidth)], together.context.at(13 + i, k));
  }
}

TEST_P(AttentionTest, AKeyThatIsNanIsNotLeftOut) {
  AttentionProblem<float> problem(shape_of(1, 1, 4), {0, 30}, 0);
  problem.keys.flat[static_cast<std::size_t>(17 * problem.keys.stride + 2)] = NAN;
  const AttentionResult<float> result = run(kernels_, problem);
  for (std::int64_t i = 0; i < 30; ++i)
    EXPECT_TRUE(std::isnan(result.context.at(i, 0))) << i;
}

TEST_P(AttentionTest, LargeScoresDoNotOverflowNorHideOthers) {
  AttentionProblem<float> problem(shape_of(1, 1, 4), {0, 30}, 0);
  for (auto* rows : {&problem.queries, &problem.keys})
    std::fill(rows->flat.begin(), rows->flat.end(), 1e4F);
  std::fill(problem.values.flat.begin(), problem.values.flat.end(), 2.0F);
  for (std::int64_t i = 0; i < 30; ++i)
    EXPECT_EQ(run(kernels_, problem).context.at(i, 0), 2);
  // A key that no query but the last attends to, with a far higher score than the others.
  problem.shape.is_causal = true;
  std::fill(problem.keys.flat.end() - problem.keys.stride, problem.keys.flat.end(), 2e4F);
  for (std::int64_t i = 0; i < 30; ++i)
    EXPECT_EQ(run(kernels_, problem).context.at(i, 0), 2);
}

}  // namespace
}  // namespace sbert
