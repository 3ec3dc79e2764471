#pragma once

#include <cstdint>

namespace sbert {

// Loops that ATen has no operator for. The same source is compiled once for each instruction set
// (see CMakeLists.txt); the best that this processor has is chosen at run time. No header of the
// standard library with inline code may reach those sources: the linker could keep a copy with
// instructions that an older processor lacks.

/// Self-attention of packed sequences. A heads of D values; T tokens; row t of `qkv` is the token's
/// query, key and value, A * D values each.
template <typename Real>
struct AttentionInput {
  const Real* qkv;                 ///< [T, 3 * A * D]
  const std::int32_t* cu_seqlens;  ///< [B + 1]
  std::int64_t num_heads;          ///< A
  std::int64_t head_dim;           ///< D
  double dropout;                  ///< probability that a weight is dropped, 0 in inference
};

template <typename Real>
struct AttentionOutput {
  Real* context;      ///< [T, A * D]
  Real* log_sum_exp;  ///< [T, A] of each query's scaled scores, what the backward pass needs
};

template <typename Real>
struct AttentionGradient {
  const Real* context;       ///< [T, A * D] from the forward pass
  const Real* log_sum_exp;   ///< [T, A]     from the forward pass
  const Real* grad_context;  ///< [T, A * D]
  Real* grad_qkv;            ///< [T, 3 * A * D]
};

/// Attention is done one (sequence, head) a call, so that callers decide on threads. `mask_key`
/// says which dropout masks that pair draws; `scratch` has attention_scratch(D, longest sequence)
/// values of the calling thread.
template <typename Real>
struct Kernels {
  const char* name;
  std::int64_t (*attention_scratch)(std::int64_t head_dim, std::int64_t max_seqlen);
  void (*attention_forward)(const AttentionInput<Real>& input,
                            const AttentionOutput<Real>& output,
                            std::int64_t sequence,
                            std::int64_t head,
                            std::uint64_t mask_key,
                            Real* scratch);
  void (*attention_backward)(const AttentionInput<Real>& input,
                             const AttentionGradient<Real>& gradient,
                             std::int64_t sequence,
                             std::int64_t head,
                             std::uint64_t mask_key,
                             Real* scratch);
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

}  // namespace sbert
