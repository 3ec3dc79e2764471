#include "sbert/nn/packed_attention.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "sbert/base/error.h"
#include "sbert/base/random.h"
#include "sbert/nn/aten_attention.h"
#include "sbert/nn/dropout.h"

namespace sbert {
namespace {

// The same attention by whole matrices, one sequence and head after the other.
Tensor dense_attention(const Tensor& qkv, const std::vector<int>& cu_seqlens, std::int64_t heads) {
  const std::int64_t hidden = qkv.size(1) / 3;
  const std::int64_t width = hidden / heads;
  std::vector<Tensor> sequences;
  for (std::size_t b = 0; b + 1 < cu_seqlens.size(); ++b) {
    const Tensor rows = qkv.slice(0, cu_seqlens[b], cu_seqlens[b + 1]);
    std::vector<Tensor> contexts;
    for (std::int64_t h = 0; h < heads; ++h) {
      const auto part = [&](std::int64_t which) {
        const std::int64_t start = which * hidden + h * width;
        return rows.slice(1, start, start + width);
      };
      const Tensor scores = part(0).mm(part(1).t()) / std::sqrt(static_cast<double>(width));
      contexts.push_back(scores.softmax(-1).mm(part(2)));
    }
    sequences.push_back(at::cat(contexts, 1));
  }
  return at::cat(sequences, 0);
}

struct Case {
  std::vector<int> cu_seqlens;
  std::int64_t heads;
  std::int64_t hidden;
};

// Lengths around the tiles of every vector width, and heads narrower and wider than a vector.
const std::vector<Case> kCases{
    {{0, 1}, 1, 4},
    {{0, 3, 4, 9}, 2, 12},
    {{0, 16, 33, 64, 129}, 4, 128},
    {{0, 31, 32, 350}, 2, 128},
    {{0, 7, 24}, 3, 72},
    {{0, 0, 3, 3}, 2, 12},  // empty sequences
};

double largest_difference(const Tensor& a, const Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

TEST(PackedAttention, EqualsDenseAttentionInDouble) {
  for (const Case& c : kCases) {
    at::manual_seed(1);
    const Tensor qkv = at::randn({c.cu_seqlens.back(), 3 * c.hidden}, at::kDouble);
    const Tensor packed = packed_attention(qkv, at::tensor(c.cu_seqlens, at::kInt), c.heads, {});
    EXPECT_LT(largest_difference(packed, dense_attention(qkv, c.cu_seqlens, c.heads)), 1e-13);
  }
}

TEST(PackedAttention, EqualsDoubleInSingle) {
  for (const Case& c : kCases) {
    at::manual_seed(2);
    const Tensor qkv = at::randn({c.cu_seqlens.back(), 3 * c.hidden}, at::kDouble);
    const Tensor packed =
        packed_attention(qkv.to(at::kFloat), at::tensor(c.cu_seqlens, at::kInt), c.heads, {});
    EXPECT_LT(largest_difference(packed, dense_attention(qkv, c.cu_seqlens, c.heads)), 3e-6);
  }
}

// The fallback of devices that our kernels do not run on.
TEST(AtenAttention, EqualsDenseAttentionWithItsGradient) {
  for (const Case& c : kCases) {
    at::manual_seed(6);
    const Tensor weights = at::randn({c.cu_seqlens.back(), c.hidden}, at::kDouble);
    Tensor expected = at::randn({c.cu_seqlens.back(), 3 * c.hidden}, at::kDouble);
    Tensor given = expected.clone().requires_grad_(true);
    expected.requires_grad_(true);
    const Tensor dense = dense_attention(expected, c.cu_seqlens, c.heads);
    const Tensor found = aten_attention(given, at::tensor(c.cu_seqlens, at::kInt), c.heads, {});
    EXPECT_LT(largest_difference(found, dense), 1e-13);
    (dense * weights).sum().backward();
    (found * weights).sum().backward();
    EXPECT_LT(largest_difference(given.grad(), expected.grad()), 1e-12);
  }
}

TEST(AtenAttention, ASiteDrawsTheSameMasksEachTime) {
  at::manual_seed(7);
  const Tensor qkv = at::randn({9, 3 * 8}, at::kDouble);
  const Tensor cu_seqlens = at::tensor(std::vector<int>{0, 4, 9}, at::kInt);
  const Tensor first = aten_attention(qkv, cu_seqlens, 2, {0.5, 1});
  EXPECT_TRUE(first.equal(aten_attention(qkv, cu_seqlens, 2, {0.5, 1})));
  EXPECT_FALSE(first.equal(aten_attention(qkv, cu_seqlens, 2, {0.5, 2})));
}

TEST(PackedAttention, GradientEqualsDenseAttentions) {
  for (const Case& c : kCases) {
    for (const auto& [type, tolerance] :
         {std::pair{at::kDouble, 1e-12}, std::pair{at::kFloat, 2e-5}}) {
      at::manual_seed(3);
      const Tensor weights = at::randn({c.cu_seqlens.back(), c.hidden}, at::kDouble);
      Tensor exact = at::randn({c.cu_seqlens.back(), 3 * c.hidden}, at::kDouble);
      Tensor packed = exact.to(type).clone().requires_grad_(true);
      exact.requires_grad_(true);
      (dense_attention(exact, c.cu_seqlens, c.heads) * weights).sum().backward();
      (packed_attention(packed, at::tensor(c.cu_seqlens, at::kInt), c.heads, {}) * weights.to(type))
          .sum()
          .backward();
      EXPECT_LT(largest_difference(packed.grad(), exact.grad()), tolerance);
    }
  }
}

TEST(PackedAttention, GradientWithDropoutEqualsFiniteDifferences) {
  at::manual_seed(4);
  const Tensor cu_seqlens = at::tensor(std::vector<int>{0, 5, 12}, at::kInt);
  const DropoutSite site{0.3, derive_key(9),
                         at::tensor(std::vector<std::int64_t>{4, 7}, at::kLong)};
  Tensor qkv = at::randn({12, 3 * 8}, at::kDouble).requires_grad_(true);
  const Tensor weights = at::randn({12, 8}, at::kDouble);
  const auto value = [&](const Tensor& x) {
    return (packed_attention(x, cu_seqlens, 2, site) * weights).sum();
  };
  value(qkv).backward();
  const at::NoGradGuard no_grad;
  const Tensor flat_gradient = qkv.grad().flatten();
  constexpr double kStep = 1e-6;
  for (std::int64_t i = 0; i < qkv.numel(); i += 7) {
    Tensor up = qkv.detach().clone();
    Tensor down = qkv.detach().clone();
    up.view(-1)[i] += kStep;
    down.view(-1)[i] -= kStep;
    const double slope = (value(up) - value(down)).item<double>() / (2 * kStep);
    EXPECT_NEAR(flat_gradient[i].item<double>(), slope, 1e-7) << "element " << i;
  }
}

// The masks do not depend on the type, so that the double's gradient is the float's.
TEST(PackedAttention, GradientWithDropoutInSingleEqualsDouble) {
  for (const Case& c : kCases) {
    at::manual_seed(8);
    const Tensor weights = at::randn({c.cu_seqlens.back(), c.hidden}, at::kDouble);
    const Tensor values = at::randn({c.cu_seqlens.back(), 3 * c.hidden}, at::kDouble);
    const auto gradient = [&](at::ScalarType type) {
      Tensor qkv = values.to(type).clone().requires_grad_(true);
      const Tensor cu_seqlens = at::tensor(c.cu_seqlens, at::kInt);
      (packed_attention(qkv, cu_seqlens, c.heads, {0.3, 1}) * weights.to(type)).sum().backward();
      return qkv.grad();
    };
    EXPECT_LT(largest_difference(gradient(at::kFloat), gradient(at::kDouble)), 4e-5);
  }
}

TEST(PackedAttention, DropoutKeepsTheMeanAndDrawsByKey) {
  at::manual_seed(5);
  const Tensor cu_seqlens = at::tensor(std::vector<int>{0, 200}, at::kInt);
  Tensor qkv = at::zeros({200, 3 * 32}, at::kFloat);  // all weights are 1/200
  qkv.slice(1, 64, 96).fill_(1);                      // all values are 1
  const Tensor dropped = packed_attention(qkv, cu_seqlens, 1, {0.5, 1});
  EXPECT_NEAR(dropped.mean().item<double>(), 1.0, 0.02);
  EXPECT_GT(dropped.slice(1, 0, 1).std().item<double>(), 0.03);  // expected 1/sqrt(200) = 0.07
  EXPECT_TRUE(dropped.equal(packed_attention(qkv, cu_seqlens, 1, {0.5, 1})));
  EXPECT_FALSE(dropped.equal(packed_attention(qkv, cu_seqlens, 1, {0.5, 2})));
}

TEST(PackedAttention, ASequenceDoesNotDependOnItsNeighbours) {
  at::manual_seed(6);
  const Tensor qkv = at::randn({90, 3 * 64}, at::kFloat);
  const Tensor together =
      packed_attention(qkv, at::tensor(std::vector<int>{0, 13, 50, 90}, at::kInt), 2, {});
  const Tensor alone =
      packed_attention(qkv.slice(0, 13, 50), at::tensor(std::vector<int>{0, 37}, at::kInt), 2, {});
  EXPECT_TRUE(together.slice(0, 13, 50).equal(alone));
}

TEST(PackedAttention, LargeScoresDoNotOverflow) {
  Tensor qkv = at::zeros({4, 3 * 4}, at::kFloat);
  qkv.slice(1, 0, 8).fill_(1e4F);
  qkv.slice(1, 8, 12).fill_(2);
  const Tensor out = packed_attention(qkv, at::tensor(std::vector<int>{0, 4}, at::kInt), 1, {});
  EXPECT_TRUE(out.equal(at::full({4, 4}, 2.0F)));
}

TEST(PackedAttention, ShapesThatDisagreeAreRefused) {
  const Tensor qkv = at::zeros({4, 12});
  EXPECT_THROW(packed_attention(qkv, at::tensor(std::vector<int>{0, 5}, at::kInt), 1, {}), Error);
  EXPECT_THROW(packed_attention(qkv, at::tensor(std::vector<int>{0, 4}, at::kInt), 3, {}), Error);
  EXPECT_THROW(
      packed_attention(qkv.to(at::kInt), at::tensor(std::vector<int>{0, 4}, at::kInt), 1, {}),
      Error);
}

DropoutSite site_of(double rate, std::uint64_t key, const std::vector<int>& cu_seqlens) {
  return {rate, key, at::arange(static_cast<std::int64_t>(cu_seqlens.size()) - 1, at::kLong),
          at::tensor(cu_seqlens, at::kInt)};
}

TEST(Dropout, DropsAtTheRateAndScalesTheRest) {
  const Tensor x = at::ones({1'000, 100});
  const Tensor y = dropout(x, site_of(0.1, 7, {0, 300, 1'000}));
  EXPECT_NEAR((y == 0).to(at::kDouble).mean().item<double>(), 0.1, 0.005);
  EXPECT_TRUE(at::allclose(y.masked_select(y != 0), at::full({1}, 1 / 0.9F)));
  // No pattern along rows or columns: each has about its share.
  EXPECT_LT((y == 0).to(at::kDouble).mean(0).max().item<double>(), 0.15);
  EXPECT_LT((y == 0).to(at::kDouble).mean(1).max().item<double>(), 0.30);
}

TEST(Dropout, ASequenceHasTheMasksOfItsNumberInAnyBatch) {
  const Tensor x = at::ones({30, 8});
  const Tensor whole = dropout(x, site_of(0.5, 7, {0, 10, 30}));
  DropoutSite second = site_of(0.5, 7, {0, 20});
  second.sequences.fill_(1);
  EXPECT_TRUE(dropout(x.slice(0, 10), second).equal(whole.slice(0, 10)));
  EXPECT_FALSE(whole.slice(0, 0, 10).equal(whole.slice(0, 10, 20)));
}

TEST(Dropout, GradientHasTheMaskOfTheForwardPass) {
  Tensor x = at::ones({64, 8}).requires_grad_(true);
  const Tensor y = dropout(x, site_of(0.5, 11, {0, 64}));
  y.sum().backward();
  EXPECT_TRUE(x.grad().equal(y.detach()));
}

TEST(Dropout, NoRateChangesNothing) {
  const Tensor x = at::randn({3, 3});
  EXPECT_TRUE(dropout(x, {}).is_same(x));
}

}  // namespace
}  // namespace sbert
