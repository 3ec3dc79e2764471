#pragma once

#include "sbert/kernels/attention_head.h"
#include "sbert/kernels/kernels.h"
#include "sbert/kernels/simd.h"

// Attention by blocks of queries, for the CPU encoder and for training. A vector holds one value of
// each of kLanes queries, so that the softmax needs no sums across a vector, and keys and values
// are read where they are. A block is one or two vectors wide: in the wider one, a key is read once
// for both.

namespace sbert {
namespace {

constexpr int kMostVectors = 2;
// Sums that a loop keeps in registers.
constexpr int kRegisterSums = SBERT_VECTOR_BYTES == 64 ? 16 : 8;

// Queries of a block.
template <typename Real, int kVectors>
constexpr std::int64_t kBlock = kVectors * Simd<Real>::kLanes;

template <typename Real>
using Vector = typename Simd<Real>::Vector;

// Calls work<kCount>(first) for tiles that cover [begin, end): of kTile, then of half as many. The
// last one ends where the range does and may overlap the one before it: a value that is computed
// twice has the same bits. A range shorter than half a tile has smaller ones.
template <int kTile, typename Work>
[[gnu::always_inline]] inline void for_each_tile(std::int64_t begin,
                                                 std::int64_t end,
                                                 const Work& work) {
  constexpr int kHalf = kTile / 2;
  std::int64_t first = begin;
  for (; first + kTile <= end; first += kTile)
    work.template operator()<kTile>(first);
  for (; first + kHalf <= end; first += kHalf)
    work.template operator()<kHalf>(first);
  if constexpr (kHalf > 1) {
    if (first == end) return;
    if (begin + kHalf <= end) {
      work.template operator()<kHalf>(end - kHalf);
    } else {
      for_each_tile<kHalf>(begin, end, work);
    }
  }
}

// scores [n, kBlock] of the queries [d, kBlock] and the keys in the range; `largest` takes them in.
template <int kVectors, typename Real>
void score_keys(HeadRows<const Real> keys,
                KeyRange range,
                std::int64_t d,
                const Real* __restrict queries,
                Real* __restrict scores,
                Vector<Real> (&largest)[kVectors]) {
  using S = Simd<Real>;
  constexpr std::int64_t kWidth = kBlock<Real, kVectors>;
  Vector<Real> best[kVectors];
  for (int v = 0; v < kVectors; ++v)
    best[v] = largest[v];
  for_each_tile<kRegisterSums / kVectors>(range.begin, range.end, [&]<int kKeys>(std::int64_t key) {
    Vector<Real> sums[kKeys][kVectors] = {};
    const Real* __restrict first = keys.at(key);
    for (std::int64_t k = 0; k < d; ++k) {
      Vector<Real> query[kVectors];
      for (int v = 0; v < kVectors; ++v)
        query[v] = S::load(queries + k * kWidth + v * S::kLanes);
      for (int j = 0; j < kKeys; ++j) {
        for (int v = 0; v < kVectors; ++v)
          sums[j][v] += first[j * keys.stride + k] * query[v];
      }
    }
    for (int j = 0; j < kKeys; ++j) {
      for (int v = 0; v < kVectors; ++v) {
        S::store(scores + (key + j) * kWidth + v * S::kLanes, sums[j][v]);
        best[v] = S::larger(best[v], sums[j][v]);
      }
    }
  });
  for (int v = 0; v < kVectors; ++v)
    largest[v] = best[v];
}

// context [d, kBlock] = factor * the values in the range, times their weights [n, kBlock]
template <int kVectors, typename Real>
void weigh_values(HeadRows<const Real> values,
                  KeyRange range,
                  std::int64_t d,
                  const Real* __restrict weights,
                  const Vector<Real> (&factor)[kVectors],
                  Real* __restrict context) {
  using S = Simd<Real>;
  constexpr std::int64_t kWidth = kBlock<Real, kVectors>;
  for_each_tile<kRegisterSums / kVectors>(0, d, [&]<int kValues>(std::int64_t first) {
    Vector<Real> sums[kValues][kVectors] = {};
    for (std::int64_t j = range.begin; j < range.end; ++j) {
      Vector<Real> weight[kVectors];
      for (int v = 0; v < kVectors; ++v)
        weight[v] = S::load(weights + j * kWidth + v * S::kLanes);
      const Real* value = values.at(j) + first;
      for (int k = 0; k < kValues; ++k) {
        for (int v = 0; v < kVectors; ++v)
          sums[k][v] += value[k] * weight[v];
      }
    }
    for (int k = 0; k < kValues; ++k) {
      for (int v = 0; v < kVectors; ++v)
        S::store(context + (first + k) * kWidth + v * S::kLanes, sums[k][v] * factor[v]);
    }
  });
}

// Scores of keys that a query does not attend to become -infinity; `largest` is that of the others.
template <int kVectors, typename Real>
void hide_keys(const Head<Real>& head,
               std::int64_t first,
               KeyRange range,
               Real* scores,
               Vector<Real> (&largest)[kVectors]) {
  using S = Simd<Real>;
  constexpr std::int64_t kWidth = kBlock<Real, kVectors>;
  const AttentionShape& shape = head.shape;
  if (!shape.is_causal && shape.window == 0) return;
  Real from[kWidth];  // the first and the last key that each query attends to
  Real to[kWidth];
  for (std::int64_t i = 0; i < kWidth; ++i) {
    const std::int64_t query = first + i < head.n ? first + i : head.n - 1;
    from[i] = static_cast<Real>(shape.window > 0 ? query - shape.window : 0);
    to[i] = static_cast<Real>(shape.is_causal    ? query
                              : shape.window > 0 ? query + shape.window
                                                 : head.n);
  }
  const Vector<Real> hidden = S::fill(-__builtin_huge_valf());
  for (int v = 0; v < kVectors; ++v) {
    const Vector<Real> low = S::load(from + v * S::kLanes);
    const Vector<Real> high = S::load(to + v * S::kLanes);
    largest[v] = hidden;
    for (std::int64_t j = range.begin; j < range.end; ++j) {
      Real* at = scores + j * kWidth + v * S::kLanes;
      const Vector<Real> key = S::fill(static_cast<Real>(j));
      Vector<Real> score = S::load(at);
      score = key < low ? hidden : score;
      score = key > high ? hidden : score;
      S::store(at, score);
      largest[v] = S::larger(largest[v], score);
    }
  }
}

// The dropout masks of a block of queries: weights become 0 or themselves / (1 - rate).
template <int kVectors, typename Real>
struct DropoutMask {
  static constexpr std::int64_t kWidth = kBlock<Real, kVectors>;

  DropoutMask(const Head<Real>& head, std::int64_t first)
      : n(static_cast<std::uint32_t>(head.n)),
        counter(static_cast<std::uint32_t>(first) * n),
        threshold(dropout_threshold(head.dropout)),
        key(head.mask_key),
        keep(static_cast<Real>(1.0 / (1.0 - head.dropout))) {}

  // factors [kWidth] of the weights of key j
  void draw(std::int64_t j, Real* factors) const {
    const std::uint32_t of_key = counter + static_cast<std::uint32_t>(j);
    for (std::uint32_t i = 0; i < kWidth; ++i)
      factors[i] = random_bits(of_key + i * n, key) >= threshold ? keep : Real(0);
  }

  std::uint32_t n;
  std::uint32_t counter;  // of the block's first query and key
  std::uint32_t threshold;
  std::uint64_t key;
  Real keep;
};

template <int kVectors, typename Real>
void drop_weights(const Head<Real>& head, std::int64_t first, KeyRange range, Real* weights) {
  constexpr std::int64_t kWidth = kBlock<Real, kVectors>;
  if (head.dropout <= 0) return;
  const DropoutMask<kVectors, Real> mask(head, first);
  for (std::int64_t j = range.begin; j < range.end; ++j) {
    Real factors[kWidth];
    mask.draw(j, factors);
    for (std::int64_t i = 0; i < kWidth; ++i)
      weights[j * kWidth + i] *= factors[i];
  }
}

// Calls work<kVectors>(first) for the blocks of n queries.
template <typename Real, typename Work>
void for_each_block(std::int64_t n, const Work& work) {
  constexpr std::int64_t kLanes = Simd<Real>::kLanes;
  // No block is narrower than the four rows that gather_columns() transposes.
  constexpr std::int64_t kNarrow = kLanes < 4 ? 0 : kLanes;
  std::int64_t first = 0;
  for (; n - first > kNarrow; first += 2 * kLanes)
    work.template operator()<2>(first);
  if constexpr (kNarrow > 0) {
    if (first < n) work.template operator()<1>(first);
  }
}

// The context of one block of queries.
template <int kVectors, typename Real>
[[gnu::noinline]] void attend_block(const Head<Real>& head,
                                    std::int64_t first,
                                    HeadRows<Real> context,
                                    Real* log_sum_exp,
                                    Real* scratch) {
  using S = Simd<Real>;
  constexpr std::int64_t kWidth = kBlock<Real, kVectors>;
  Real* queries = scratch;                  // [d, kWidth]
  Real* block = queries + head.d * kWidth;  // [d, kWidth]
  Real* scores = block + head.d * kWidth;   // [n, kWidth]
  const std::int64_t count = head.n - first < kWidth ? head.n - first : kWidth;
  const KeyRange range = key_range(head, first, count);
  gather_columns<kWidth>(head.queries, head, first, static_cast<Real>(head.shape.scale), queries);

  Vector<Real> largest[kVectors];
  for (int v = 0; v < kVectors; ++v)
    largest[v] = S::fill(-__builtin_huge_valf());
  score_keys(head.keys, range, head.d, queries, scores, largest);
  hide_keys(head, first, range, scores, largest);
  Vector<Real> totals[kVectors] = {};
  for (std::int64_t j = range.begin; j < range.end; ++j) {
    for (int v = 0; v < kVectors; ++v) {
      Real* at = scores + j * kWidth + v * S::kLanes;
      const Vector<Real> weight = exp_nonpositive(S::load(at) - largest[v]);
      S::store(at, weight);
      totals[v] += weight;
    }
  }
  drop_weights<kVectors>(head, first, range, scores);
  Vector<Real> factors[kVectors];
  for (int v = 0; v < kVectors; ++v)
    factors[v] = Real(1) / totals[v];
  weigh_values(head.values, range, head.d, scores, factors, block);
  scatter_columns<kWidth>(block, head, first, context);
  if (log_sum_exp == nullptr) return;
  Real of_queries[2][kWidth];
  for (int v = 0; v < kVectors; ++v) {
    S::store(of_queries[0] + v * S::kLanes, largest[v]);
    S::store(of_queries[1] + v * S::kLanes, totals[v]);
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const double total = static_cast<double>(of_queries[1][i]);
    log_sum_exp[(first + i) * head.shape.num_heads] =
        of_queries[0][i] + static_cast<Real>(__builtin_log(total));
  }
}

// Copies of keys and values, two blocks of queries or values and one of scores.
template <typename Real>
std::int64_t attention_scratch(std::int64_t head_dim, std::int64_t max_seqlen) {
  return 2 * max_seqlen * head_dim + (2 * head_dim + max_seqlen) * kBlock<Real, kMostVectors>;
}

template <typename Real>
void attention(const AttentionInput<Real>& input,
               const AttentionOutput<Real>& output,
               const AttentionPart& part,
               Real* scratch) {
  Head<Real> head(input, part);
  gather_keys_and_values(head, scratch);
  Real* blocks = scratch + 2 * head.n * head.d;
  const HeadRows<Real> context = rows_of(output.context, head.start, head.column);
  Real* log_sum_exp = output.log_sum_exp;
  if (log_sum_exp != nullptr) log_sum_exp += head.start * head.shape.num_heads + part.head;
  for_each_block<Real>(head.n, [&]<int kVectors>(std::int64_t first) {
    attend_block<kVectors>(head, first, context, log_sum_exp, blocks);
  });
}

}  // namespace
}  // namespace sbert
