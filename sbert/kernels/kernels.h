#pragma once

#include <cstdint>

#include "sbert/kernels/cpu_variant.h"

namespace sbert {

// Loops that the encoder of the core and training share. The same source is compiled once for each
// instruction set (see CMakeLists.txt); the best that this processor has is chosen at run time. No
// header of the standard library with inline code may reach those sources: the linker could keep a
// copy with instructions that an older processor lacks. The same holds for functions in this
// header.

/// Of softmax(scale q k^T) v, by heads.
struct AttentionShape {
  std::int64_t num_heads = 0;      ///< A
  std::int64_t num_key_heads = 0;  ///< divides A: each serves A / num_key_heads consecutive heads
  std::int64_t head_dim = 0;       ///< D
  double scale = 0;                ///< of the scores, most often 1 / sqrt(D)
  bool is_causal = false;          ///< a token attends to itself and the tokens before it
  std::int64_t window = 0;         ///< tokens attended to on each side; 0: all
};

/// A row of heads of D values each for every token: token t's begin at first + t * stride.
template <typename Value>
struct TokenRows {
  Value* first = nullptr;
  std::int64_t stride = 0;  ///< in values
};

/// Packed sequences, T tokens in all. Queries, keys and values may be parts of the same rows.
template <typename Real>
struct AttentionInput {
  AttentionShape shape;
  TokenRows<const Real> queries;             ///< [T, A * D]
  TokenRows<const Real> keys;                ///< [T, num_key_heads * D]
  TokenRows<const Real> values;              ///< [T, num_key_heads * D]
  const std::int32_t* cu_seqlens = nullptr;  ///< [B + 1]
  double dropout = 0;                        ///< probability that a weight is dropped
};

template <typename Real>
struct AttentionOutput {
  TokenRows<Real> context;      ///< [T, A * D]
  Real* log_sum_exp = nullptr;  ///< [T, A] of each query's scores, for the backward pass; or null
};

template <typename Real>
struct AttentionGradient {
  TokenRows<const Real> context;       ///< [T, A * D] from the forward pass
  const Real* log_sum_exp = nullptr;   ///< [T, A]     from the forward pass
  TokenRows<const Real> grad_context;  ///< [T, A * D]
  TokenRows<Real> grad_queries;        ///< the results, of the shapes of the input
  TokenRows<Real> grad_keys;
  TokenRows<Real> grad_values;
};

/// One head of one sequence, which is what a call works on.
struct AttentionPart {
  std::int64_t sequence = 0;
  std::int64_t head = 0;
  std::uint64_t mask_key = 0;  ///< which dropout masks the pair draws
};

template <typename Real>
struct Kernels {
  const char* name;
  /// A context depends on its own sequence alone, bit for bit. `scratch` has attention_scratch(D,
  /// longest sequence) values of the calling thread, best from a cache line on.
  void (*attention)(const AttentionInput<Real>& input,
                    const AttentionOutput<Real>& output,
                    const AttentionPart& part,
                    Real* scratch);
  std::int64_t (*attention_scratch)(std::int64_t head_dim, std::int64_t max_seqlen);
  /// `scratch` has attention_gradient_scratch() values. The first head that a key head serves
  /// writes the gradients of its keys and values, and the others add theirs: one thread calls them,
  /// in their order.
  void (*attention_gradient)(const AttentionInput<Real>& input,
                             const AttentionGradient<Real>& gradient,
                             const AttentionPart& part,
                             Real* scratch);
  std::int64_t (*attention_gradient_scratch)(std::int64_t head_dim, std::int64_t max_seqlen);
  /// out[i] = x[i] / (1 - rate) or 0, for i in [0, count); which of the two depends on
  /// (key, i) alone. `out` may be `x`.
  void (*dropout)(const Real* x, Real* out, std::int64_t count, double rate, std::uint64_t key);
  /// The dot product of two vectors of `count` values.
  Real (*dot)(const Real* a, const Real* b, std::int64_t count);
  /// Whether none of `count` values is infinite or NaN.
  bool (*all_finite)(const Real* values, std::int64_t count);
};

/// The kernels for chosen_cpu_variant(). Double precision, which only tests use, is always generic.
template <typename Real>
const Kernels<Real>& kernels();

/// Those of a variant that this processor supports.
template <typename Real>
Kernels<Real> kernels_of(CpuVariant variant);

}  // namespace sbert
