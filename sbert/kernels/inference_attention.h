#pragma once

#include "sbert/kernels/inference_kernels.h"
#include "sbert/kernels/inference_simd.h"

// Attention of a forward pass: a vector holds one value of each of kLanes queries, so that the
// softmax needs no sums across a vector, and keys and values are read where they stand.

namespace sbert {
namespace {

using FourFloats __attribute__((vector_size(16))) = float;
constexpr std::int64_t kFourFloats = 4;

// Keys, or values of a head, whose sums are in registers together.
constexpr int kAttentionTile = SBERT_VECTOR_BYTES == 64 ? 16 : 8;
// From here on, rows of a head are copied to stand side by side: blocks of queries read them again.
constexpr std::int64_t kLongSequence = 3 * kLanes;

inline FourFloats load_four(const float* from) {
  FourFloats v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}

inline void store_four(float* to, FourFloats v) {
  __builtin_memcpy(to, &v, sizeof v);
}

// Rows become columns.
inline void transpose_four(FourFloats rows[4]) {
  const FourFloats a = __builtin_shufflevector(rows[0], rows[1], 0, 4, 1, 5);
  const FourFloats b = __builtin_shufflevector(rows[0], rows[1], 2, 6, 3, 7);
  const FourFloats c = __builtin_shufflevector(rows[2], rows[3], 0, 4, 1, 5);
  const FourFloats d = __builtin_shufflevector(rows[2], rows[3], 2, 6, 3, 7);
  rows[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
  rows[1] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
  rows[2] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
  rows[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}

// Rows of D values of a head: of queries, keys or values.
struct HeadRows {
  const float* at(std::int64_t row) const { return first + row * stride; }
  const float* first;
  std::int64_t stride;
};

// to [d, kLanes] = scale * rows [begin, begin + kLanes), the last row instead of those beyond it.
void gather_queries(
    HeadRows rows, std::int64_t n, std::int64_t begin, std::int64_t d, float scale, float* to) {
  const auto row = [&](std::int64_t i) { return rows.at(begin + i < n ? begin + i : n - 1); };
  for (std::int64_t i = 0; i < kLanes; i += kFourFloats) {
    const float* from[4] = {row(i), row(i + 1), row(i + 2), row(i + 3)};
    std::int64_t k = 0;
    for (; k + kFourFloats <= d; k += kFourFloats) {
      FourFloats block[4];
      for (int r = 0; r < 4; ++r)
        block[r] = load_four(from[r] + k) * scale;
      transpose_four(block);
      for (int r = 0; r < 4; ++r)
        store_four(to + (k + r) * kLanes + i, block[r]);
    }
    for (; k < d; ++k) {
      for (int r = 0; r < 4; ++r)
        to[k * kLanes + i + r] = from[r][k] * scale;
    }
  }
}

// The other way: rows [begin, begin + kLanes) of `to`, as far as there are n, from [d, kLanes].
void scatter_context(const float* from,
                     std::int64_t n,
                     std::int64_t begin,
                     std::int64_t d,
                     float* to,
                     std::int64_t stride) {
  for (std::int64_t i = 0; i < kLanes && begin + i < n; i += kFourFloats) {
    const std::int64_t rows = n - begin - i < 4 ? n - begin - i : 4;
    float* out = to + (begin + i) * stride;
    std::int64_t k = 0;
    for (; k + kFourFloats <= d; k += kFourFloats) {
      FourFloats block[4];
      for (int r = 0; r < 4; ++r)
        block[r] = load_four(from + (k + r) * kLanes + i);
      transpose_four(block);
      for (std::int64_t r = 0; r < rows; ++r)
        store_four(out + r * stride + k, block[r]);
    }
    for (; k < d; ++k) {
      for (std::int64_t r = 0; r < rows; ++r)
        out[r * stride + k] = from[k * kLanes + i + r];
    }
  }
}

// scores [kKeys, kLanes] of the keys from `key` on; `largest` takes them in.
template <int kKeys>
void score_keys(HeadRows keys,
                std::int64_t key,
                std::int64_t d,
                const float* __restrict queries,
                float* __restrict scores,
                FloatVector& largest) {
  FloatVector sums[kKeys] = {};
  const float* __restrict first = keys.at(key);
  for (std::int64_t k = 0; k < d; ++k) {
    const FloatVector query = Simd<float>::load(queries + k * kLanes);
    for (int j = 0; j < kKeys; ++j)
      sums[j] += first[j * keys.stride + k] * query;
  }
  for (int j = 0; j < kKeys; ++j) {
    Simd<float>::store(scores + (key + j) * kLanes, sums[j]);
    largest = Simd<float>::larger(largest, sums[j]);
  }
}

// context [kValues, kLanes] of the head's values from `first` on: weights times values.
template <int kValues>
void weigh_values(HeadRows values,
                  std::int64_t n,
                  std::int64_t first,
                  const float* __restrict weights,
                  FloatVector factor,
                  float* __restrict context) {
  FloatVector sums[kValues] = {};
  for (std::int64_t j = 0; j < n; ++j) {
    const FloatVector weight = Simd<float>::load(weights + j * kLanes);
    const float* value = values.at(j) + first;
    for (int k = 0; k < kValues; ++k)
      sums[k] += value[k] * weight;
  }
  for (int k = 0; k < kValues; ++k)
    Simd<float>::store(context + (first + k) * kLanes, sums[k] * factor);
}

// The attention of kLanes queries, [d, kLanes], over n keys: context [d, kLanes].
// NOLINTNEXTLINE(readability-function-size): what a kernel reads and writes
void attend_block(HeadRows keys,
                  HeadRows values,
                  std::int64_t n,
                  std::int64_t d,
                  const float* queries,
                  float* scores,
                  float* context) {
  FloatVector largest = Simd<float>::fill(-__builtin_huge_valf());
  std::int64_t key = 0;
  for (; key + kAttentionTile <= n; key += kAttentionTile)
    score_keys<kAttentionTile>(keys, key, d, queries, scores, largest);
  for (; key + 4 <= n; key += 4)
    score_keys<4>(keys, key, d, queries, scores, largest);
  for (; key < n; ++key)
    score_keys<1>(keys, key, d, queries, scores, largest);
  FloatVector total = {};
  for (std::int64_t j = 0; j < n; ++j) {
    const FloatVector weight = exp_nonpositive(Simd<float>::load(scores + j * kLanes) - largest);
    Simd<float>::store(scores + j * kLanes, weight);
    total += weight;
  }
  const FloatVector factor = 1.0F / total;
  std::int64_t k = 0;
  for (; k + kAttentionTile <= d; k += kAttentionTile)
    weigh_values<kAttentionTile>(values, n, k, scores, factor, context);
  for (; k + 4 <= d; k += 4)
    weigh_values<4>(values, n, k, scores, factor, context);
  for (; k < d; ++k)
    weigh_values<1>(values, n, k, scores, factor, context);
}

// Copies rows to stand side by side, and says where.
HeadRows gathered(HeadRows rows, std::int64_t n, std::int64_t d, float* to) {
  for (std::int64_t i = 0; i < n; ++i) {
    const float* from = rows.at(i);
    for (std::int64_t k = 0; k < d; ++k)
      to[i * d + k] = from[k];
  }
  return {to, d};
}

// Keys and values, scores, queries and context.
std::int64_t attend_scratch(std::int64_t head_dim, std::int64_t max_seqlen) {
  return 2 * max_seqlen * head_dim + (max_seqlen + 2 * head_dim) * kLanes;
}

void attend(const AttendInput& input, std::int64_t sequence, std::int64_t head, float* scratch) {
  const std::int64_t start = input.cu_seqlens[sequence];
  const std::int64_t n = input.cu_seqlens[sequence + 1] - start;
  const std::int64_t d = input.head_dim;
  const std::int64_t width = input.num_heads * d;
  const float* first = input.qkv + start * 3 * width + head * d;
  const HeadRows queries{first, 3 * width};
  HeadRows keys{first + width, 3 * width};
  HeadRows values{first + 2 * width, 3 * width};
  float* scores = scratch;
  float* query_block = scores + n * kLanes;
  float* context = query_block + d * kLanes;
  if (n >= kLongSequence) {
    float* copies = context + d * kLanes;
    keys = gathered(keys, n, d, copies);
    values = gathered(values, n, d, copies + n * d);
  }
  const float scale = 1.0F / __builtin_sqrtf(static_cast<float>(d));
  for (std::int64_t begin = 0; begin < n; begin += kLanes) {
    gather_queries(queries, n, begin, d, scale, query_block);
    attend_block(keys, values, n, d, query_block, scores, context);
    scatter_context(context, n, begin, d, input.context + start * width + head * d, width);
  }
}

}  // namespace
}  // namespace sbert
