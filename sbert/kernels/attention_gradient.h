#pragma once

#include "sbert/kernels/attention.h"

// The gradient of attention, by the same blocks of queries.

namespace sbert {
namespace {

template <typename Real>
std::int64_t whole_vectors(std::int64_t count) {
  constexpr std::int64_t kLanes = Simd<Real>::kLanes;
  return (count + kLanes - 1) / kLanes * kLanes;
}

// to [count, whole_vectors(d)] = factor * rows [first, first + count), filled up with zeros
template <typename Real>
void gather_rows(HeadRows<const Real> rows,
                 const Head<Real>& head,
                 std::int64_t first,
                 std::int64_t count,
                 Real factor,
                 Real* to) {
  const std::int64_t width = whole_vectors<Real>(head.d);
  for (std::int64_t i = 0; i < count; ++i, to += width) {
    const Real* from = rows.at(first + i);
    for (std::int64_t k = 0; k < head.d; ++k)
      to[k] = from[k] * factor;
    for (std::int64_t k = head.d; k < width; ++k)
      to[k] = 0;
  }
}

// sums [n, width] of the keys in the range += their weights [n, kWidth] times rows [count, width]
template <std::int64_t kWidth, typename Real>
void add_weighted_rows(KeyRange range,
                       const Real* __restrict weights,
                       std::int64_t count,
                       const Real* __restrict rows,
                       std::int64_t width,
                       Real* __restrict sums) {
  using S = Simd<Real>;
  const auto add = [&]<int kColumns>(std::int64_t column) {
    std::int64_t first = range.begin;
    const auto add_to = [&]<int kKeys>() {
      Real* to = sums + first * width + column;
      Vector<Real> total[kKeys][kColumns];
      for (int j = 0; j < kKeys; ++j) {
        for (int c = 0; c < kColumns; ++c)
          total[j][c] = S::load(to + j * width + c * S::kLanes);
      }
      for (std::int64_t i = 0; i < count; ++i) {
        Vector<Real> row[kColumns];
        for (int c = 0; c < kColumns; ++c)
          row[c] = S::load(rows + i * width + column + c * S::kLanes);
        for (int j = 0; j < kKeys; ++j) {
          for (int c = 0; c < kColumns; ++c)
            total[j][c] += weights[(first + j) * kWidth + i] * row[c];
        }
      }
      for (int j = 0; j < kKeys; ++j) {
        for (int c = 0; c < kColumns; ++c)
          S::store(to + j * width + c * S::kLanes, total[j][c]);
      }
      first += kKeys;
    };
    constexpr int kTile = kRegisterSums / 2;
    while (first + kTile <= range.end)
      add_to.template operator()<kTile>();
    if (kTile > 4 && first + 4 <= range.end) add_to.template operator()<4>();
    if (first + 2 <= range.end) add_to.template operator()<2>();
    if (first < range.end) add_to.template operator()<1>();
  };
  std::int64_t column = 0;
  for (; column + 2 * S::kLanes <= width; column += 2 * S::kLanes)
    add.template operator()<2>(column);
  if (column < width) add.template operator()<1>(column);
}

// Where a block's gradient is worked out, and those of the sequence's keys and values.
template <typename Real>
struct GradientScratch {
  GradientScratch(const Head<Real>& head, Real* from)
      : width(whole_vectors<Real>(head.d)),
        grad_keys(from + 2 * head.n * head.d),
        grad_values(grad_keys + head.n * width),
        weights(grad_values + head.n * width),
        grad_weights(weights + head.n * kBlockSize),
        query_rows(grad_weights + head.n * kBlockSize),
        grad_rows(query_rows + width * kBlockSize),
        queries(grad_rows + width * kBlockSize),
        grad_context(queries + head.d * kBlockSize),
        context(grad_context + head.d * kBlockSize) {}

  static constexpr std::int64_t kBlockSize = kBlock<Real, kMostVectors>;

  std::int64_t width;
  Real* grad_keys;     // [n, width]
  Real* grad_values;   // [n, width]
  Real* weights;       // [n, kWidth] P, then P M
  Real* grad_weights;  // [n, kWidth] dO V^T, then dS
  Real* query_rows;    // [kWidth, width]
  Real* grad_rows;     // [kWidth, width] of the context
  Real* queries;       // [d, kWidth]
  Real* grad_context;  // [d, kWidth]
  Real* context;       // [d, kWidth], then dQ
};

// Copies of keys and values, and what GradientScratch has.
template <typename Real>
std::int64_t attention_gradient_scratch(std::int64_t head_dim, std::int64_t max_seqlen) {
  const std::int64_t width = whole_vectors<Real>(head_dim);
  return 2 * max_seqlen * (head_dim + width) +
         (2 * max_seqlen + 2 * width + 3 * head_dim) * kBlock<Real, kMostVectors>;
}

// The rows that a head reads and writes beside its queries, keys and values.
template <typename Real>
struct GradientRows {
  HeadRows<const Real> context;
  HeadRows<const Real> grad_context;
  HeadRows<Real> grad_queries;
  const Real* log_sum_exp;  // of the first token, others A values apart
};

// weights = P M and grad_weights = dS from the scores and from dO V^T.
template <bool kDrops, int kVectors, typename Real>
void softmax_gradient(const Head<Real>& head,
                      std::int64_t first,
                      KeyRange range,
                      const Vector<Real> (&log_sum_exp)[kVectors],
                      const Vector<Real> (&along)[kVectors],
                      const GradientScratch<Real>& scratch) {
  using S = Simd<Real>;
  constexpr std::int64_t kWidth = kBlock<Real, kVectors>;
  const DropoutMask<kVectors, Real> mask(head, first);
  for (std::int64_t j = range.begin; j < range.end; ++j) {
    Real factors[kWidth];
    if constexpr (kDrops) mask.draw(j, factors);
    for (int v = 0; v < kVectors; ++v) {
      Real* weight = scratch.weights + j * kWidth + v * S::kLanes;
      Real* grad = scratch.grad_weights + j * kWidth + v * S::kLanes;
      const Vector<Real> p = exp_nonpositive(S::load(weight) - log_sum_exp[v]);
      Vector<Real> masked = p;
      if constexpr (kDrops) masked *= S::load(factors + v * S::kLanes);
      S::store(weight, masked);
      S::store(grad, masked * S::load(grad) - p * along[v]);
    }
  }
}

// Adds what a block of queries gives to the gradients of keys and values, and writes its own.
template <int kVectors, typename Real>
[[gnu::noinline]] void add_block_gradient(const Head<Real>& head,
                                          std::int64_t first,
                                          const GradientRows<Real>& rows,
                                          const GradientScratch<Real>& scratch) {
  using S = Simd<Real>;
  constexpr std::int64_t kWidth = kBlock<Real, kVectors>;
  const std::int64_t count = head.n - first < kWidth ? head.n - first : kWidth;
  const KeyRange range = key_range(head, first, count);
  const auto scale = static_cast<Real>(head.shape.scale);
  gather_columns<kWidth>(head.queries, head, first, scale, scratch.queries);
  gather_columns<kWidth>(rows.grad_context, head, first, Real(1), scratch.grad_context);
  gather_columns<kWidth>(rows.context, head, first, Real(1), scratch.context);
  gather_rows(head.queries, head, first, count, scale, scratch.query_rows);
  gather_rows(rows.grad_context, head, first, count, Real(1), scratch.grad_rows);

  Vector<Real> along[kVectors] = {};  // dO . O
  for (std::int64_t k = 0; k < head.d; ++k) {
    for (int v = 0; v < kVectors; ++v) {
      const std::int64_t at = k * kWidth + v * S::kLanes;
      along[v] += S::load(scratch.grad_context + at) * S::load(scratch.context + at);
    }
  }
  Real of_queries[kWidth];
  for (std::int64_t i = 0; i < kWidth; ++i) {
    const std::int64_t row = first + i < head.n ? first + i : head.n - 1;
    of_queries[i] = rows.log_sum_exp[row * head.shape.num_heads];
  }
  Vector<Real> log_sum_exp[kVectors];
  Vector<Real> scales[kVectors];
  for (int v = 0; v < kVectors; ++v) {
    log_sum_exp[v] = S::load(of_queries + v * S::kLanes);
    scales[v] = S::fill(scale);
  }
  Vector<Real> largest[kVectors] = {};
  score_keys(head.keys, range, head.d, scratch.queries, scratch.weights, largest);
  hide_keys(head, first, range, scratch.weights, largest);
  score_keys(head.values, range, head.d, scratch.grad_context, scratch.grad_weights, largest);
  if (head.dropout > 0) {
    softmax_gradient<true>(head, first, range, log_sum_exp, along, scratch);
  } else {
    softmax_gradient<false>(head, first, range, log_sum_exp, along, scratch);
  }
  add_weighted_rows<kWidth>(range, scratch.weights, count, scratch.grad_rows, scratch.width,
                            scratch.grad_values);
  add_weighted_rows<kWidth>(range, scratch.grad_weights, count, scratch.query_rows, scratch.width,
                            scratch.grad_keys);  // the scale is in the queries
  weigh_values(head.keys, range, head.d, scratch.grad_weights, scales, scratch.context);
  scatter_columns<kWidth>(scratch.context, head, first, rows.grad_queries);
}

// rows [n, d] = from [n, width], or += it
template <typename Real>
void put_rows(
    const Real* from, std::int64_t width, const Head<Real>& head, bool adds, HeadRows<Real> rows) {
  for (std::int64_t i = 0; i < head.n; ++i) {
    Real* to = rows.at(i);
    for (std::int64_t k = 0; k < head.d; ++k)
      to[k] = adds ? to[k] + from[i * width + k] : from[i * width + k];
  }
}

// With P the softmax, M the mask, O = (P M) V:  dV = (P M)^T dO,  dP = M (dO V^T),
// dS = P (dP - rowsum(dO O)),  dQ = scale dS K,  dK = scale dS^T Q.
// (FlashAttention, Dao et al. 2022, appendix B.2.)
template <typename Real>
void attention_gradient(const AttentionInput<Real>& input,
                        const AttentionGradient<Real>& gradient,
                        const AttentionPart& part,
                        Real* from) {
  Head<Real> head(input, part);
  const GradientScratch<Real> scratch(head, from);
  gather_keys_and_values(head, from);
  for (std::int64_t i = 0; i < 2 * head.n * scratch.width; ++i)
    scratch.grad_keys[i] = 0;
  const GradientRows<Real> rows{
      rows_of(gradient.context, head.start, head.column),
      rows_of(gradient.grad_context, head.start, head.column),
      rows_of(gradient.grad_queries, head.start, head.column),
      gradient.log_sum_exp + head.start * head.shape.num_heads + part.head};
  for_each_block<Real>(head.n, [&]<int kVectors>(std::int64_t first) {
    add_block_gradient<kVectors>(head, first, rows, scratch);
  });
  const std::int64_t heads_of_key = head.shape.num_heads / head.shape.num_key_heads;
  const bool adds = part.head % heads_of_key != 0;
  put_rows(scratch.grad_keys, scratch.width, head, adds,
           rows_of(gradient.grad_keys, head.start, head.key_column));
  put_rows(scratch.grad_values, scratch.width, head, adds,
           rows_of(gradient.grad_values, head.start, head.key_column));
}

}  // namespace
}  // namespace sbert
