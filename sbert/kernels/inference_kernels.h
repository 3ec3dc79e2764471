#pragma once

#include <cstdint>

#include "sbert/kernels/cpu_variant.h"
#include "sbert/kernels/kernels.h"

namespace sbert {

// The loops of a forward pass without gradients, and the products of one with them. As those of
// kernels.h they are compiled once for each instruction set, and may see no header with inline
// code. All of them are batch-invariant: a row of the result depends on its own row of the input
// alone, bit for bit, regardless of the other rows and of their number.

/// The function that a product applies to its sums before it stores them.
enum class Epilogue { kNone, kGelu, kGeluTanh, kRelu };

/// y = epilogue(x weight^T + bias)
struct Product {
  const float* x;     ///< [rows, in]
  std::int64_t rows;  ///< 0 or more
  std::int64_t in;
  std::int64_t out;
  const float* weight;  ///< [out, in] as pack() lays it out
  const float* bias;    ///< [out]
  Epilogue epilogue;
  void* scratch;  ///< multiply_scratch(rows, in, out) bytes, best from a cache line on
  float* y;       ///< [rows, out]
};

/// The same with x and the weight as 8-bit integers: x = x_scale (x8 - x_zero) in each row,
/// weight = weight_scale weight8 for each output. The sums are exact.
struct Int8Product {
  const std::uint8_t* x;  ///< [rows, int8_row_bytes(in)] of quantize(), readable up to int8_rows()
  const float* x_scale;   ///< [rows]
  const std::int32_t* x_zero;  ///< [rows]
  std::int64_t rows;
  std::int64_t in;
  std::int64_t out;
  const std::int8_t* weight;       ///< [out, in] as pack_int8() lays it out
  const float* weight_scale;       ///< [out]
  const std::int32_t* weight_sum;  ///< [out] of the 8-bit weights
  const float* bias;               ///< [out]
  Epilogue epilogue;
  float* y;  ///< [rows, out]
};

/// The bytes of a quantized row of `in` values: whole tiles of the widest instructions.
constexpr std::int64_t int8_row_bytes(std::int64_t in) {
  return (in + 63) / 64 * 64;
}

/// The rows that must be readable where there are `rows`: whole tiles too.
constexpr std::int64_t int8_rows(std::int64_t rows) {
  return (rows + 15) / 16 * 16;
}

/// The parameters of a layer norm over rows of `size` values (Ba et al., 2016).
struct LayerNormParams {
  const float* weight;  ///< [size]
  const float* bias;    ///< [size]
  std::int64_t size;
  float epsilon;
};

/// c = a b + bias, of matrices that no one has packed: those of training change with each step.
struct MatrixProduct {
  const float* a;  ///< [m, k], or [k, m] if it is transposed
  bool a_is_transposed;
  const float* b;  ///< [k, n], or [n, k] if it is transposed
  bool b_is_transposed;
  std::int64_t m;  ///< 1 or more, as n and k
  std::int64_t n;
  std::int64_t k;
  const float* bias;  ///< [n], or null
  float* c;           ///< [m, n]
  void* scratch;      ///< matrix_scratch() bytes, best from a cache line on
};

/// c += a b, summed in double.
struct DoubleProduct {
  const double* a;        ///< [m, k]
  const float* b;         ///< [k, n], rows `b_stride` values apart
  std::int64_t b_stride;  ///< n or more
  std::int64_t m;
  std::int64_t n;
  std::int64_t k;
  double* c;  ///< [m, n]
};

struct InferenceKernels {
  const char* name;
  Kernels<float> shared;  ///< the loops that training has too: attention
  /// The most that the magnitudes of two 8-bit weights may add up to: 254, or 128 where the
  /// processor adds pairs of products in 16 bits. The inputs of a pair are `int8_pair_distance`
  /// apart.
  std::int32_t max_int8_pair;
  std::int64_t int8_pair_distance;

  /// Values of a packed weight: whole blocks of outputs, the last one filled up with zeros.
  std::int64_t (*packed_size)(std::int64_t out, std::int64_t in);
  std::int64_t (*packed_size_int8)(std::int64_t out, std::int64_t in);
  void (*pack)(const float* weight, std::int64_t out, std::int64_t in, float* packed);
  void (*pack_int8)(const std::int8_t* weight,
                    std::int64_t out,
                    std::int64_t in,
                    std::int8_t* packed);

  std::int64_t (*multiply_scratch)(std::int64_t rows, std::int64_t in, std::int64_t out);
  /// With the error of a sum of floats; of values below 3e38 only.
  void (*multiply)(const Product& product);
  void (*multiply_int8)(const Int8Product& product);
  /// As multiply(). Null where a BLAS is as fast: on all but tiles.
  std::int64_t (*matrix_scratch)(const MatrixProduct& product);
  void (*multiply_matrices)(const MatrixProduct& product);
  void (*multiply_doubles)(const DoubleProduct& product);
  /// Which of `count` scores are not at or below their own threshold, NaN among them, and so are
  /// all whose threshold is NaN. Returns how many, and writes their numbers, ascending, to `found`,
  /// which has room for `count`.
  std::int64_t (*find_above)(const float* scores,
                             const float* thresholds,
                             std::int64_t count,
                             std::int32_t* found);
  /// Each row to 8 bits with a scale of its own and the integer that 0 becomes: from the smallest
  /// to the largest value, and 0, there are 253 steps. A row with a NaN, an infinity or an
  /// overflowing range gets a non-finite scale, so its products are non-finite too.
  void (*quantize)(const float* x,
                   std::int64_t rows,
                   std::int64_t in,
                   std::uint8_t* x8,
                   float* scale,
                   std::int32_t* zero);

  /// y [size] = norm(a + b + c)
  void (*add_norm)(
      const float* a, const float* b, const float* c, const LayerNormParams& norm, float* y);
  /// y [rows, size] = norm(a + b); `y` may be `a` or `b`.
  void (*add_norm_rows)(
      const float* a, const float* b, std::int64_t rows, const LayerNormParams& norm, float* y);
};

/// The kernels for chosen_cpu_variant().
const InferenceKernels& inference_kernels();

/// Those of a variant that this processor supports.
InferenceKernels inference_kernels_of(CpuVariant variant);

}  // namespace sbert
