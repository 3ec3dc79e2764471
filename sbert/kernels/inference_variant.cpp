// Compiled once for each instruction set, as kernel_variant.cpp.

#include "sbert/kernels/double_product.h"
#include "sbert/kernels/inference_kernels.h"
#include "sbert/kernels/inference_simd.h"
#include "sbert/kernels/int8_product.h"
#include "sbert/kernels/score_filter.h"
#if defined(__AMX_BF16__)
#include "sbert/kernels/split_matrix_product.h"
#include "sbert/kernels/split_product.h"
#else
#include "sbert/kernels/float_product.h"
#endif

namespace sbert {
namespace {

// y = norm(value(k) at k), where value() gives kLanes values from k on; what is beyond the size it
// gives as zeros.
template <typename Value>
void normalize_row(const Value& value, const LayerNormParams& norm, float* y) {
  const float size = static_cast<float>(norm.size);
  FloatVector total = {};
  for (std::int64_t k = 0; k < norm.size; k += kLanes) {
    const FloatVector v = value(k);
    store_some(y + k, v, norm.size - k);
    total += v;
  }
  const float mean = Simd<float>::sum(total) / size;
  FloatVector squares = {};
  std::int64_t k = 0;
  for (; k + kLanes <= norm.size; k += kLanes) {
    const FloatVector v = Simd<float>::load(y + k) - mean;
    squares += v * v;
  }
  float sum_of_squares = Simd<float>::sum(squares);
  for (; k < norm.size; ++k)
    sum_of_squares += (y[k] - mean) * (y[k] - mean);
  const float factor = 1.0F / __builtin_sqrtf(sum_of_squares / size + norm.epsilon);
  for (k = 0; k < norm.size; k += kLanes) {
    const std::int64_t left = norm.size - k;
    const FloatVector v = (load_some(y + k, left) - mean) * factor;
    store_some(y + k, v * load_some(norm.weight + k, left) + load_some(norm.bias + k, left), left);
  }
}

void add_norm(
    const float* a, const float* b, const float* c, const LayerNormParams& norm, float* y) {
  normalize_row(
      [&](std::int64_t k) {
        const std::int64_t left = norm.size - k;
        return load_some(a + k, left) + load_some(b + k, left) + load_some(c + k, left);
      },
      norm, y);
}

void add_norm_rows(
    const float* a, const float* b, std::int64_t rows, const LayerNormParams& norm, float* y) {
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* from = a + row * norm.size;
    const float* other = b + row * norm.size;
    normalize_row(
        [&](std::int64_t k) {
          return load_some(from + k, norm.size - k) + load_some(other + k, norm.size - k);
        },
        norm, y + row * norm.size);
  }
}

}  // namespace

InferenceKernels SBERT_INFERENCE_TABLE();
InferenceKernels SBERT_INFERENCE_TABLE() {
  return {.name = SBERT_VARIANT_NAME,
          .max_int8_pair = kMaxInt8Pair,
          .int8_pair_distance = kLanes,
          .packed_size = packed_size,
          .packed_size_int8 = packed_size_int8,
          .pack = pack,
          .pack_int8 = pack_int8,
          .multiply_scratch = multiply_scratch,
          .multiply = multiply,
          .multiply_int8 = multiply_int8,
#if defined(__AMX_BF16__)
          .matrix_scratch = matrix_scratch,
          .multiply_matrices = multiply_matrices,
#endif
          .multiply_doubles = multiply_doubles,
          .find_above = find_above,
          .quantize = quantize_rows,
          .add_norm = add_norm,
          .add_norm_rows = add_norm_rows};
}

}  // namespace sbert
