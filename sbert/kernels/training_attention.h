#pragma once

#include "sbert/kernels/kernels.h"
#include "sbert/kernels/simd.h"

// Attention both ways: a vector holds scores of one query, so that what the keys and values are to
// gain from a query is a row times a number.

namespace sbert {
namespace {

// Queries that go through the loops together, so that a loaded key or value serves all of them.
constexpr std::int64_t kRows = SBERT_VECTOR_BYTES == 64 ? 8 : 4;

std::int64_t round_up(std::int64_t n, std::int64_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

// One head of one sequence. Rows are padded with zeros to whole vectors.
template <typename Real>
struct Head {
  Head(const AttentionInput<Real>& input, std::int64_t sequence, std::int64_t head)
      : start(input.cu_seqlens[sequence]),
        n(input.cu_seqlens[sequence + 1] - start),
        n_padded(round_up(n, Simd<Real>::kLanes)),
        d(input.head_dim),
        d_padded(round_up(d, Simd<Real>::kLanes)),
        width(input.num_heads * input.head_dim),
        column(head * input.head_dim) {}

  std::int64_t start;  // first token in the batch
  std::int64_t n;      // tokens
  std::int64_t n_padded;
  std::int64_t d;  // values of the head
  std::int64_t d_padded;
  std::int64_t width;   // A * D
  std::int64_t column;  // where the head begins in a row of A * D
};

// Copies rows of the head, `factor` times, into [rows, d_padded].
template <typename Real>
void gather(const Head<Real>& head,
            const Real* from,
            std::int64_t stride,
            Real factor,
            std::int64_t rows,
            Real* to) {
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t k = 0; k < head.d; ++k)
      to[k] = from[k] * factor;
    for (std::int64_t k = head.d; k < head.d_padded; ++k)
      to[k] = 0;
    from += stride;
    to += head.d_padded;
  }
}

// Copies all rows of the head into panels [n_padded / kLanes, d, kLanes] of transposed rows: what
// score() reads lies side by side.
template <typename Real>
void gather_panels(const Head<Real>& head, const Real* from, std::int64_t stride, Real* to) {
  constexpr std::int64_t kLanes = Simd<Real>::kLanes;
  for (std::int64_t first = 0; first < head.n; first += kLanes) {
    const std::int64_t rows = head.n - first < kLanes ? head.n - first : kLanes;
    for (std::int64_t k = 0; k < head.d; ++k) {
      for (std::int64_t i = 0; i < rows; ++i)
        to[k * kLanes + i] = from[(first + i) * stride + k];
      for (std::int64_t i = rows; i < kLanes; ++i)
        to[k * kLanes + i] = 0;
    }
    to += head.d * kLanes;
  }
}

// A matrix of vectors: those of a row lie `across` values apart, rows `down`.
template <typename Real>
struct Vectors {
  const Real* first;
  std::int64_t down;
  std::int64_t across;
};

// Calls work<kVectors>(column) for all columns, whole vectors, by two vectors and a last one.
template <typename Real, typename Work>
void for_each_columns(std::int64_t width, const Work& work) {
  constexpr std::int64_t kLanes = Simd<Real>::kLanes;
  std::int64_t column = 0;
  for (; column + 2 * kLanes <= width; column += 2 * kLanes)
    work.template operator()<2>(column);
  if (column < width) work.template operator()<1>(column);
}

// out [kRows, width] = a [kRows, count], rows `stride` apart, . b [count, width]
template <typename Real>
void multiply(const Real* a,
              std::int64_t stride,
              std::int64_t count,
              Vectors<Real> b,
              std::int64_t width,
              Real* out) {
  using S = Simd<Real>;
  for_each_columns<Real>(width, [&]<int kVectors>(std::int64_t column) {
    const Real* of_b = b.first + column / S::kLanes * b.across;
    typename S::Vector sums[kRows][kVectors] = {};
    for (std::int64_t k = 0; k < count; ++k, of_b += b.down) {
      typename S::Vector row[kVectors];
      for (std::int64_t v = 0; v < kVectors; ++v)
        row[v] = S::load(of_b + v * b.across);
      for (std::int64_t r = 0; r < kRows; ++r) {
        for (std::int64_t v = 0; v < kVectors; ++v)
          sums[r][v] += a[r * stride + k] * row[v];
      }
    }
    for (std::int64_t r = 0; r < kRows; ++r) {
      for (std::int64_t v = 0; v < kVectors; ++v)
        S::store(out + r * width + column + v * S::kLanes, sums[r][v]);
    }
  });
}

// scores [kRows, n_padded] = a [kRows, d_padded] . the rows of the panels
template <typename Real>
void score(const Head<Real>& head, const Real* a, const Real* panels, Real* scores) {
  constexpr std::int64_t kLanes = Simd<Real>::kLanes;
  multiply(a, head.d_padded, head.d, Vectors<Real>{panels, kLanes, head.d * kLanes}, head.n_padded,
           scores);
}

// out [kRows, d_padded] = weights [kRows, n] . rows [n, d_padded]
template <typename Real>
void weighted_sum(const Head<Real>& head, const Real* weights, const Real* rows, Real* out) {
  multiply(weights, head.n_padded, head.n, Vectors<Real>{rows, head.d_padded, Simd<Real>::kLanes},
           head.d_padded, out);
}

// rows [n, d_padded] += weights^T [n, kRows] . a [kRows, d_padded]
template <typename Real>
void add_outer(const Head<Real>& head, const Real* weights, const Real* a, Real* rows) {
  using S = Simd<Real>;
  for_each_columns<Real>(head.d_padded, [&]<int kVectors>(std::int64_t column) {
    typename S::Vector of_a[kRows][kVectors];
    for (std::int64_t r = 0; r < kRows; ++r) {
      for (std::int64_t v = 0; v < kVectors; ++v)
        of_a[r][v] = S::load(a + r * head.d_padded + column + v * S::kLanes);
    }
    for (std::int64_t j = 0; j < head.n; ++j) {
      Real* row = rows + j * head.d_padded + column;
      typename S::Vector sums[kVectors];
      for (std::int64_t v = 0; v < kVectors; ++v)
        sums[v] = S::load(row + v * S::kLanes);
      for (std::int64_t r = 0; r < kRows; ++r) {
        for (std::int64_t v = 0; v < kVectors; ++v)
          sums[v] += weights[r * head.n_padded + j] * of_a[r][v];
      }
      for (std::int64_t v = 0; v < kVectors; ++v)
        S::store(row + v * S::kLanes, sums[v]);
    }
  });
}

// No key stands at [n, n_padded): a score of -infinity has no weight.
template <typename Real>
void mark_padding(const Head<Real>& head, Real* scores) {
  for (std::int64_t j = head.n; j < head.n_padded; ++j)
    scores[j] = -__builtin_huge_valf();
}

// scores = exp(scores - offset); returns their sum.
template <typename Real>
Real exponentiate(const Head<Real>& head, Real offset, Real* scores) {
  using S = Simd<Real>;
  typename S::Vector total = {};
  for (std::int64_t j = 0; j < head.n_padded; j += S::kLanes) {
    const auto p = exp_nonpositive(S::load(scores + j) - offset);
    S::store(scores + j, p);
    total += p;
  }
  return S::sum(total);
}

template <typename Real>
Real largest_score(const Head<Real>& head, const Real* scores) {
  using S = Simd<Real>;
  auto best = S::load(scores);
  for (std::int64_t j = S::kLanes; j < head.n_padded; j += S::kLanes)
    best = S::larger(best, S::load(scores + j));
  return S::largest(best);
}

// masked = weights times the dropout mask of query row i, which is 0 or 1 / (1 - rate). The two may
// be one.
template <typename Real>
void apply_mask(const Head<Real>& head,
                std::int64_t i,
                double rate,
                std::uint64_t key,
                const Real* weights,
                Real* masked) {
  const std::uint32_t threshold = dropout_threshold(rate);
  const Real keep = static_cast<Real>(1.0 / (1.0 - rate));
  const auto first = static_cast<std::uint32_t>(i * head.n);
  for (std::int64_t j = 0; j < head.n; ++j) {
    const bool kept = random_bits(first + static_cast<std::uint32_t>(j), key) >= threshold;
    masked[j] = weights[j] * (kept ? keep : Real(0));
  }
}

template <typename Real>
Real attention_scale(const Head<Real>& head) {
  return static_cast<Real>(1.0 / __builtin_sqrt(static_cast<double>(head.d)));
}

// Six copies of the head's rows and five blocks of kRows rows of scores or values.
template <typename Real>
std::int64_t attention_scratch(std::int64_t head_dim, std::int64_t max_seqlen) {
  const std::int64_t n = round_up(max_seqlen, Simd<Real>::kLanes);
  const std::int64_t d = round_up(head_dim, Simd<Real>::kLanes);
  return 6 * n * d + kRows * (3 * n + 3 * d);
}

template <typename Real>
void attention_forward(const AttentionInput<Real>& input,
                       const AttentionOutput<Real>& output,
                       std::int64_t sequence,
                       std::int64_t head_index,
                       std::uint64_t mask_key,
                       Real* scratch) {
  const Head<Real> head(input, sequence, head_index);
  const std::int64_t stride = 3 * head.width;
  const Real* queries = input.qkv + head.start * stride + head.column;

  Real* key_panels = scratch;
  Real* values = key_panels + head.d_padded * head.n_padded;  // [n, d_padded]
  Real* query = values + head.n * head.d_padded;              // [kRows, d_padded]
  Real* scores = query + kRows * head.d_padded;               // [kRows, n_padded]
  Real* context = scores + kRows * head.n_padded;             // [kRows, d_padded]
  gather_panels(head, queries + head.width, stride, key_panels);
  gather(head, queries + 2 * head.width, stride, Real(1), head.n, values);

  for (std::int64_t first = 0; first < head.n; first += kRows) {
    const std::int64_t rows = head.n - first < kRows ? head.n - first : kRows;
    for (std::int64_t i = rows * head.d_padded; i < kRows * head.d_padded; ++i)
      query[i] = 0;
    gather(head, queries + first * stride, stride, attention_scale(head), rows, query);
    score(head, query, key_panels, scores);
    Real totals[kRows];
    for (std::int64_t r = 0; r < rows; ++r) {
      Real* weights = scores + r * head.n_padded;
      mark_padding(head, weights);
      const Real best = largest_score(head, weights);
      totals[r] = exponentiate(head, best, weights);
      output.log_sum_exp[(head.start + first + r) * input.num_heads + head_index] =
          best + static_cast<Real>(__builtin_log(static_cast<double>(totals[r])));
      if (input.dropout > 0) apply_mask(head, first + r, input.dropout, mask_key, weights, weights);
    }
    weighted_sum(head, scores, values, context);
    for (std::int64_t r = 0; r < rows; ++r) {
      Real* out = output.context + (head.start + first + r) * head.width + head.column;
      for (std::int64_t k = 0; k < head.d; ++k)
        out[k] = context[r * head.d_padded + k] / totals[r];
    }
  }
}

// The dot product of one head's values in two rows; only the first is padded.
template <typename Real>
Real head_dot(const Head<Real>& head, const Real* padded, const Real* row) {
  using S = Simd<Real>;
  typename S::Vector sum = {};
  std::int64_t k = 0;
  for (; k + S::kLanes <= head.d; k += S::kLanes)
    sum += S::load(padded + k) * S::load(row + k);
  Real total = S::sum(sum);
  for (; k < head.d; ++k)
    total += padded[k] * row[k];
  return total;
}

// With P the softmax, M the mask, O = (P M) V:  dV = (P M)^T dO,  dP = M (dO V^T),
// dS = P (dP - rowsum(dO O)),  dQ = scale dS K,  dK = scale dS^T Q.
// (FlashAttention, Dao et al. 2022, appendix B.2.)
template <typename Real>
void attention_backward(const AttentionInput<Real>& input,
                        const AttentionGradient<Real>& gradient,
                        std::int64_t sequence,
                        std::int64_t head_index,
                        std::uint64_t mask_key,
                        Real* scratch) {
  const Head<Real> head(input, sequence, head_index);
  const std::int64_t stride = 3 * head.width;
  const Real* queries = input.qkv + head.start * stride + head.column;
  Real* grad_queries = gradient.grad_qkv + head.start * stride + head.column;
  const Real scale = attention_scale(head);
  const std::int64_t size = head.n_padded * head.d_padded;

  Real* key_panels = scratch;
  Real* value_panels = key_panels + size;
  Real* keys = value_panels + size;
  Real* grad_keys = keys + size;
  Real* grad_values = grad_keys + size;
  Real* query = grad_values + size;                         // [kRows, d_padded]
  Real* grad_context = query + kRows * head.d_padded;       // [kRows, d_padded]
  Real* weights = grad_context + kRows * head.d_padded;     // [kRows, n_padded] P
  Real* grad_weights = weights + kRows * head.n_padded;     // [kRows, n_padded] dO V^T, then dS
  Real* grad_query = grad_weights + kRows * head.n_padded;  // [kRows, d_padded]
  Real* masked = input.dropout > 0 ? grad_query + kRows * head.d_padded : weights;  // P M
  gather_panels(head, queries + head.width, stride, key_panels);
  gather_panels(head, queries + 2 * head.width, stride, value_panels);
  gather(head, queries + head.width, stride, Real(1), head.n, keys);
  for (std::int64_t i = 0; i < 2 * size; ++i)
    grad_keys[i] = 0;

  for (std::int64_t first = 0; first < head.n; first += kRows) {
    const std::int64_t rows = head.n - first < kRows ? head.n - first : kRows;
    const std::int64_t row = head.start + first;
    for (std::int64_t i = rows * head.d_padded; i < kRows * head.d_padded; ++i)
      query[i] = grad_context[i] = 0;
    gather(head, queries + first * stride, stride, scale, rows, query);
    gather(head, gradient.grad_context + row * head.width + head.column, head.width, Real(1), rows,
           grad_context);
    score(head, query, key_panels, weights);
    score(head, grad_context, value_panels, grad_weights);
    for (std::int64_t r = 0; r < kRows; ++r) {
      Real* p = weights + r * head.n_padded;
      Real* pm = masked + r * head.n_padded;
      Real* ds = grad_weights + r * head.n_padded;
      if (r >= rows) {  // rows beyond the sequence add nothing to dK and dV
        for (std::int64_t j = 0; j < head.n_padded; ++j)
          pm[j] = ds[j] = 0;
        continue;
      }
      mark_padding(head, p);
      exponentiate(head, gradient.log_sum_exp[(row + r) * input.num_heads + head_index], p);
      if (input.dropout > 0) apply_mask(head, first + r, input.dropout, mask_key, p, pm);
      const Real along = head_dot(  // dO . O
          head, grad_context + r * head.d_padded,
          gradient.context + (row + r) * head.width + head.column);
      for (std::int64_t j = 0; j < head.n; ++j)
        ds[j] = pm[j] * ds[j] - p[j] * along;
    }
    add_outer(head, masked, grad_context, grad_values);
    add_outer(head, grad_weights, query, grad_keys);  // the scale is in `query`
    weighted_sum(head, grad_weights, keys, grad_query);
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t k = 0; k < head.d; ++k) {
        grad_queries[(first + r) * stride + k] = scale * grad_query[r * head.d_padded + k];
      }
    }
  }
  for (std::int64_t i = 0; i < head.n; ++i) {
    for (std::int64_t k = 0; k < head.d; ++k) {
      grad_queries[i * stride + head.width + k] = grad_keys[i * head.d_padded + k];
      grad_queries[i * stride + 2 * head.width + k] = grad_values[i * head.d_padded + k];
    }
  }
}

}  // namespace
}  // namespace sbert
