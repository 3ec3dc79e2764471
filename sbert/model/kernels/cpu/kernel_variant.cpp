// Compiled once for each instruction set, with SBERT_VARIANT as its name.

#include "sbert/model/kernels/cpu/kernels.h"
#include "sbert/model/kernels/cpu/simd.h"

namespace sbert {
namespace {

// Queries that go through the loops together, so that a loaded key or value serves all of them.
constexpr std::int64_t kRows = 4;

std::int64_t round_up(std::int64_t n, std::int64_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

// One head of one sequence. Rows are padded with zeros to whole tiles of two vectors.
template <typename Real>
struct Head {
  static constexpr std::int64_t kTile = 2 * Simd<Real>::kLanes;

  Head(const AttentionInput<Real>& input, std::int64_t sequence, std::int64_t head)
      : start(input.cu_seqlens[sequence]),
        n(input.cu_seqlens[sequence + 1] - start),
        n_padded(round_up(n, kTile)),
        d(input.head_dim),
        d_padded(round_up(d, kTile)),
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

// Copies all rows of the head, transposed, into [d_padded, n_padded].
template <typename Real>
void gather_transposed(const Head<Real>& head, const Real* from, std::int64_t stride, Real* to) {
  for (std::int64_t i = 0; i < head.d_padded * head.n_padded; ++i)
    to[i] = 0;
  for (std::int64_t i = 0; i < head.n; ++i) {
    for (std::int64_t k = 0; k < head.d; ++k)
      to[k * head.n_padded + i] = from[i * stride + k];
  }
}

// scores [kRows, n_padded] = a [kRows, d_padded] . b [d_padded, n_padded]
template <typename Real>
void multiply(const Head<Real>& head, const Real* a, const Real* b, Real* scores) {
  using S = Simd<Real>;
  for (std::int64_t j = 0; j < head.n_padded; j += Head<Real>::kTile) {
    typename S::Vector sums[kRows][2] = {};
    for (std::int64_t k = 0; k < head.d; ++k) {
      const auto low = S::load(b + k * head.n_padded + j);
      const auto high = S::load(b + k * head.n_padded + j + S::kLanes);
      for (std::int64_t r = 0; r < kRows; ++r) {
        sums[r][0] += a[r * head.d_padded + k] * low;
        sums[r][1] += a[r * head.d_padded + k] * high;
      }
    }
    for (std::int64_t r = 0; r < kRows; ++r) {
      S::store(scores + r * head.n_padded + j, sums[r][0]);
      S::store(scores + r * head.n_padded + j + S::kLanes, sums[r][1]);
    }
  }
}

// out [kRows, d_padded] = weights [kRows, n] . rows [n, d_padded]
template <typename Real>
void weighted_sum(const Head<Real>& head, const Real* weights, const Real* rows, Real* out) {
  using S = Simd<Real>;
  for (std::int64_t k = 0; k < head.d_padded; k += Head<Real>::kTile) {
    typename S::Vector sums[kRows][2] = {};
    for (std::int64_t j = 0; j < head.n; ++j) {
      const auto low = S::load(rows + j * head.d_padded + k);
      const auto high = S::load(rows + j * head.d_padded + k + S::kLanes);
      for (std::int64_t r = 0; r < kRows; ++r) {
        sums[r][0] += weights[r * head.n_padded + j] * low;
        sums[r][1] += weights[r * head.n_padded + j] * high;
      }
    }
    for (std::int64_t r = 0; r < kRows; ++r) {
      S::store(out + r * head.d_padded + k, sums[r][0]);
      S::store(out + r * head.d_padded + k + S::kLanes, sums[r][1]);
    }
  }
}

// rows [n, d_padded] += weights^T [n, kRows] . a [kRows, d_padded]
template <typename Real>
void add_outer(const Head<Real>& head, const Real* weights, const Real* a, Real* rows) {
  using S = Simd<Real>;
  for (std::int64_t j = 0; j < head.n; ++j) {
    for (std::int64_t k = 0; k < head.d_padded; k += S::kLanes) {
      auto sum = S::load(rows + j * head.d_padded + k);
      for (std::int64_t r = 0; r < kRows; ++r) {
        sum += weights[r * head.n_padded + j] * S::load(a + r * head.d_padded + k);
      }
      S::store(rows + j * head.d_padded + k, sum);
    }
  }
}

// scores = exp(scores - offset) on [0, n), 0 beyond; returns their sum.
template <typename Real>
Real exponentiate(const Head<Real>& head, Real offset, Real* scores) {
  using S = Simd<Real>;
  typename S::Vector total = {};
  for (std::int64_t j = head.n; j < head.n_padded; ++j)
    scores[j] = -__builtin_huge_valf();
  for (std::int64_t j = 0; j < head.n_padded; j += S::kLanes) {
    const auto p = exp_nonpositive(S::load(scores + j) - offset);
    S::store(scores + j, p);
    total += p;
  }
  return S::sum(total);
}

template <typename Real>
Real largest_score(const Head<Real>& head, const Real* scores) {
  Real best = scores[0];
  for (std::int64_t j = 1; j < head.n; ++j)
    best = scores[j] > best ? scores[j] : best;
  return best;
}

// Multiplies by the dropout mask of query row i: 0 or 1 / (1 - rate).
template <typename Real>
void apply_mask(
    const Head<Real>& head, std::int64_t i, double rate, std::uint64_t key, Real* weights) {
  const std::uint32_t threshold = dropout_threshold(rate);
  const Real keep = static_cast<Real>(1.0 / (1.0 - rate));
  const auto first = static_cast<std::uint32_t>(i * head.n);
  for (std::int64_t j = 0; j < head.n; ++j) {
    const bool kept = random_bits(first + static_cast<std::uint32_t>(j), key) >= threshold;
    weights[j] *= kept ? keep : Real(0);
  }
}

template <typename Real>
Real attention_scale(const Head<Real>& head) {
  return static_cast<Real>(1.0 / __builtin_sqrt(static_cast<double>(head.d)));
}

// Six copies of the head's rows and five blocks of kRows rows of scores or values.
template <typename Real>
std::int64_t attention_scratch(std::int64_t head_dim, std::int64_t max_seqlen) {
  const std::int64_t n = round_up(max_seqlen, Head<Real>::kTile);
  const std::int64_t d = round_up(head_dim, Head<Real>::kTile);
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

  Real* keys_transposed = scratch;                                 // [d_padded, n_padded]
  Real* values = keys_transposed + head.d_padded * head.n_padded;  // [n, d_padded]
  Real* query = values + head.n * head.d_padded;                   // [kRows, d_padded]
  Real* scores = query + kRows * head.d_padded;                    // [kRows, n_padded]
  Real* context = scores + kRows * head.n_padded;                  // [kRows, d_padded]
  gather_transposed(head, queries + head.width, stride, keys_transposed);
  gather(head, queries + 2 * head.width, stride, Real(1), head.n, values);

  for (std::int64_t first = 0; first < head.n; first += kRows) {
    const std::int64_t rows = head.n - first < kRows ? head.n - first : kRows;
    for (std::int64_t i = 0; i < kRows * head.d_padded; ++i)
      query[i] = 0;
    gather(head, queries + first * stride, stride, attention_scale(head), rows, query);
    multiply(head, query, keys_transposed, scores);
    Real totals[kRows];
    for (std::int64_t r = 0; r < rows; ++r) {
      Real* weights = scores + r * head.n_padded;
      const Real best = largest_score(head, weights);
      totals[r] = exponentiate(head, best, weights);
      output.log_sum_exp[(head.start + first + r) * input.num_heads + head_index] =
          best + static_cast<Real>(__builtin_log(static_cast<double>(totals[r])));
      if (input.dropout > 0) apply_mask(head, first + r, input.dropout, mask_key, weights);
    }
    weighted_sum(head, scores, values, context);
    for (std::int64_t r = 0; r < rows; ++r) {
      Real* out = output.context + (head.start + first + r) * head.width + head.column;
      for (std::int64_t k = 0; k < head.d; ++k)
        out[k] = context[r * head.d_padded + k] / totals[r];
    }
  }
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

  Real* keys_transposed = scratch;
  Real* values_transposed = keys_transposed + size;
  Real* keys = values_transposed + size;
  Real* grad_keys = keys + size;
  Real* grad_values = grad_keys + size;
  Real* query = grad_values + size;                      // [kRows, d_padded]
  Real* grad_context = query + kRows * head.d_padded;    // [kRows, d_padded]
  Real* weights = grad_context + kRows * head.d_padded;  // [kRows, n_padded] P, then dS
  Real* masked = weights + kRows * head.n_padded;        // [kRows, n_padded] P M
  Real* grad_weights = masked + kRows * head.n_padded;   // [kRows, n_padded] dO V^T
  Real* grad_query = grad_weights + kRows * head.n_padded;
  gather_transposed(head, queries + head.width, stride, keys_transposed);
  gather_transposed(head, queries + 2 * head.width, stride, values_transposed);
  gather(head, queries + head.width, stride, Real(1), head.n, keys);
  for (std::int64_t i = 0; i < 2 * size; ++i)
    grad_keys[i] = 0;

  for (std::int64_t first = 0; first < head.n; first += kRows) {
    const std::int64_t rows = head.n - first < kRows ? head.n - first : kRows;
    const std::int64_t row = head.start + first;
    for (std::int64_t i = 0; i < 2 * kRows * head.d_padded; ++i)
      query[i] = 0;
    gather(head, queries + first * stride, stride, scale, rows, query);
    gather(head, gradient.grad_context + row * head.width + head.column, head.width, Real(1), rows,
           grad_context);
    multiply(head, query, keys_transposed, weights);
    multiply(head, grad_context, values_transposed, grad_weights);
    for (std::int64_t r = 0; r < kRows; ++r) {
      Real* p = weights + r * head.n_padded;
      Real* pm = masked + r * head.n_padded;
      const Real* dp = grad_weights + r * head.n_padded;
      if (r >= rows) {  // rows beyond the sequence add nothing to dK and dV
        for (std::int64_t j = 0; j < head.n_padded; ++j)
          p[j] = pm[j] = 0;
        continue;
      }
      exponentiate(head, gradient.log_sum_exp[(row + r) * input.num_heads + head_index], p);
      for (std::int64_t j = 0; j < head.n_padded; ++j)
        pm[j] = p[j];
      if (input.dropout > 0) apply_mask(head, first + r, input.dropout, mask_key, pm);
      const Real* context = gradient.context + (row + r) * head.width + head.column;
      Real along = 0;  // dO . O
      for (std::int64_t k = 0; k < head.d; ++k)
        along += grad_context[r * head.d_padded + k] * context[k];
      for (std::int64_t j = 0; j < head.n; ++j)
        p[j] = pm[j] * dp[j] - p[j] * along;
    }
    add_outer(head, masked, grad_context, grad_values);
    add_outer(head, weights, query, grad_keys);  // the scale is in `query`
    weighted_sum(head, weights, keys, grad_query);
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

template <typename Real>
void dropout(const Real* x, Real* out, std::int64_t count, double rate, std::uint64_t key) {
  const std::uint32_t threshold = dropout_threshold(rate);
  const Real keep = static_cast<Real>(1.0 / (1.0 - rate));
  for (std::int64_t i = 0; i < count; ++i) {
    const auto index = static_cast<std::uint64_t>(i);
    // The high half of the index goes into the key, so that no sequence is too long.
    const std::uint64_t block_key = key ^ (index >> 32 << 32);
    const bool kept = random_bits(static_cast<std::uint32_t>(index), block_key) >= threshold;
    out[i] = kept ? x[i] * keep : Real(0);
  }
}

// The sum of of_vector(i), which has the terms of i and the lanes after it, and of of_value(i) for
// the rest of [0, count). Four sums at a time, since an addition takes several cycles.
template <typename Real, typename OfVector, typename OfValue>
Real sum_of(std::int64_t count, const OfVector& of_vector, const OfValue& of_value) {
  using V = Simd<Real>;
  constexpr std::int64_t kSums = 4;
  typename V::Vector sums[kSums] = {};
  std::int64_t i = 0;
  for (; i + kSums * V::kLanes <= count; i += kSums * V::kLanes) {
    for (std::int64_t s = 0; s < kSums; ++s)
      sums[s] += of_vector(i + s * V::kLanes);
  }
  Real rest = 0;
  for (; i < count; ++i)
    rest += of_value(i);
  return V::sum((sums[0] + sums[1]) + (sums[2] + sums[3])) + rest;
}

template <typename Real>
Real dot(const Real* a, const Real* b, std::int64_t count) {
  using V = Simd<Real>;
  return sum_of<Real>(
      count, [&](std::int64_t i) { return V::load(a + i) * V::load(b + i); },
      [&](std::int64_t i) { return a[i] * b[i]; });
}

// Zero times a number is zero, and times infinity or NaN it is NaN, which stays in the sum.
template <typename Real>
bool all_finite(const Real* values, std::int64_t count) {
  using V = Simd<Real>;
  return sum_of<Real>(
             count, [&](std::int64_t i) { return V::load(values + i) * Real(0); },
             [&](std::int64_t i) { return values[i] * 0; }) == 0;
}

template <typename Real>
Kernels<Real> table() {
  return {SBERT_VARIANT_NAME,       attention_scratch<Real>, attention_forward<Real>,
          attention_backward<Real>, dropout<Real>,           dot<Real>,
          all_finite<Real>};
}

}  // namespace

Kernels<float> SBERT_VARIANT_TABLE();
Kernels<float> SBERT_VARIANT_TABLE() {
  return table<float>();
}

#ifdef SBERT_VARIANT_DOUBLE
Kernels<double> generic_double_kernels();
Kernels<double> generic_double_kernels() {
  return table<double>();
}
#endif

}  // namespace sbert
