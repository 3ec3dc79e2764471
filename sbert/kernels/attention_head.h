#pragma once

#include "sbert/kernels/kernels.h"
#include "sbert/kernels/simd.h"

// One head of one sequence: its rows of queries, keys and values, and the keys that each query
// attends to.

namespace sbert {
namespace {

// Rows of the D values of a head, one for each token of a sequence.
template <typename Value>
struct HeadRows {
  Value* at(std::int64_t row) const { return first + row * stride; }
  Value* first;
  std::int64_t stride;
};

template <typename Value>
HeadRows<Value> rows_of(TokenRows<Value> tokens, std::int64_t start, std::int64_t column) {
  return {tokens.first + start * tokens.stride + column, tokens.stride};
}

// One head of one sequence.
template <typename Real>
struct Head {
  Head(const AttentionInput<Real>& input, const AttentionPart& part)
      : shape(input.shape),
        start(input.cu_seqlens[part.sequence]),
        n(input.cu_seqlens[part.sequence + 1] - start),
        d(shape.head_dim),
        column(part.head * d),
        key_column(part.head / (shape.num_heads / shape.num_key_heads) * d),
        queries(rows_of(input.queries, start, column)),
        keys(rows_of(input.keys, start, key_column)),
        values(rows_of(input.values, start, key_column)),
        dropout(input.dropout),
        mask_key(part.mask_key) {}

  AttentionShape shape;
  std::int64_t start;       // first token in the batch
  std::int64_t n;           // tokens
  std::int64_t d;           // values of the head
  std::int64_t column;      // where the head begins in a row of A * D
  std::int64_t key_column;  // the same for keys and values
  HeadRows<const Real> queries;
  HeadRows<const Real> keys;
  HeadRows<const Real> values;
  double dropout;
  std::uint64_t mask_key;
};

// Keys [begin, end).
struct KeyRange {
  std::int64_t begin;
  std::int64_t end;
};

// The keys that any of the queries [first, first + count) attends to.
template <typename Real>
KeyRange key_range(const Head<Real>& head, std::int64_t first, std::int64_t count) {
  const AttentionShape& shape = head.shape;
  KeyRange range{0, head.n};
  if (shape.window > 0) {
    const std::int64_t last = first + count - 1;
    if (first > shape.window) range.begin = first - shape.window;
    if (last + shape.window + 1 < head.n) range.end = last + shape.window + 1;
  }
  if (shape.is_causal) range.end = first + count;
  return range;
}

template <typename Real>
using Four __attribute__((vector_size(4 * sizeof(Real)))) = Real;

// Rows become columns.
template <typename Real>
void transpose(Four<Real> rows[4]) {
  const Four<Real> a = __builtin_shufflevector(rows[0], rows[1], 0, 4, 1, 5);
  const Four<Real> b = __builtin_shufflevector(rows[0], rows[1], 2, 6, 3, 7);
  const Four<Real> c = __builtin_shufflevector(rows[2], rows[3], 0, 4, 1, 5);
  const Four<Real> d = __builtin_shufflevector(rows[2], rows[3], 2, 6, 3, 7);
  rows[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
  rows[1] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
  rows[2] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
  rows[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}

// to [d, kWidth] = factor * rows [first, first + kWidth); rows beyond the last one are copies of it
template <std::int64_t kWidth, typename Real>
void gather_columns(
    HeadRows<const Real> rows, const Head<Real>& head, std::int64_t first, Real factor, Real* to) {
  const std::int64_t n = head.n;
  const auto row = [&](std::int64_t i) { return rows.at(first + i < n ? first + i : n - 1); };
  for (std::int64_t i = 0; i < kWidth; i += 4) {
    const Real* from[4] = {row(i), row(i + 1), row(i + 2), row(i + 3)};
    std::int64_t k = 0;
    for (; k + 4 <= head.d; k += 4) {
      Four<Real> block[4];
      for (int r = 0; r < 4; ++r) {
        __builtin_memcpy(&block[r], from[r] + k, sizeof block[r]);
        block[r] *= factor;
      }
      transpose<Real>(block);
      for (int r = 0; r < 4; ++r)
        __builtin_memcpy(to + (k + r) * kWidth + i, &block[r], sizeof block[r]);
    }
    for (; k < head.d; ++k) {
      for (int r = 0; r < 4; ++r)
        to[k * kWidth + i + r] = from[r][k] * factor;
    }
  }
}

// The other way: rows [first, first + kWidth), as far as there are n, from [d, kWidth].
template <std::int64_t kWidth, typename Real>
void scatter_columns(const Real* from,
                     const Head<Real>& head,
                     std::int64_t first,
                     HeadRows<Real> rows) {
  for (std::int64_t i = 0; i < kWidth && first + i < head.n; i += 4) {
    const std::int64_t count = head.n - first - i < 4 ? head.n - first - i : 4;
    Real* out = rows.at(first + i);
    std::int64_t k = 0;
    for (; k + 4 <= head.d; k += 4) {
      Four<Real> block[4];
      for (int r = 0; r < 4; ++r)
        __builtin_memcpy(&block[r], from + (k + r) * kWidth + i, sizeof block[r]);
      transpose<Real>(block);
      for (std::int64_t r = 0; r < count; ++r)
        __builtin_memcpy(out + r * rows.stride + k, &block[r], sizeof block[r]);
    }
    for (; k < head.d; ++k) {
      for (std::int64_t r = 0; r < count; ++r)
        out[r * rows.stride + k] = from[k * kWidth + i + r];
    }
  }
}

// Copies rows to be side by side, and returns them.
template <typename Real>
HeadRows<const Real> gathered(HeadRows<const Real> rows, const Head<Real>& head, Real* to) {
  for (std::int64_t i = 0; i < head.n; ++i) {
    const Real* from = rows.at(i);
    for (std::int64_t k = 0; k < head.d; ++k)
      to[i * head.d + k] = from[k];
  }
  return {to, head.d};
}

// Keys and values of long sequences are copied: each block of queries reads them again.
template <typename Real>
void gather_keys_and_values(Head<Real>& head, Real* to) {
  if (head.n < 3 * Simd<Real>::kLanes) return;
  head.keys = gathered(head.keys, head, to);
  head.values = gathered(head.values, head, to + head.n * head.d);
}

}  // namespace
}  // namespace sbert
