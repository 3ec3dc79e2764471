#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "sbert/kernels/inference_kernels.h"
#include "sbert/kernels/product_scratch.h"
#include "sbert/kernels/weight_memory.h"

namespace sbert {

/// A weight matrix as its owner has it: one matrix or several with their rows in turn, of any type
/// of numbers. It is read a few rows at a time, so that no second copy of it is ever made.
struct WeightRows {
  std::int64_t out;  ///< rows
  std::int64_t in;   ///< columns
  /// Rows [first, first + count) as float32: a pointer to where they already are, or to `space`
  /// [count, in], which it has filled.
  std::function<const float*(std::int64_t first, std::int64_t count, float* space)> read;
};

/// A matrix of floats.
/// @param weight [out, in], outlives the result
WeightRows rows_of(const float* weight, std::int64_t out, std::int64_t in);

/// The numbers that a product multiplies. kInt8: weights with a scale for each output, inputs with
/// a scale for each row.
enum class ProductType { kFloat32, kInt8 };

/// A linear layer whose weight is packed for one of the processor's sets of instructions.
class PackedLinear {
 public:
  /// Reads all rows of the weight, and keeps nothing of it.
  /// @param bias    [out], copied; null: zeros
  /// @param memory  outlives this object, as do the kernels
  PackedLinear(const WeightRows& weight,
               const float* bias,
               ProductType type,
               WeightMemory& memory,
               const InferenceKernels& kernels);

  /// The bytes of WeightMemory that a weight of this shape takes.
  static std::int64_t weight_bytes(std::int64_t out,
                                   std::int64_t in,
                                   ProductType type,
                                   const InferenceKernels& kernels);

  /// y [rows, out] = epilogue(x [rows, in] weight^T + bias)
  void operator()(const float* x,
                  std::int64_t rows,
                  Epilogue epilogue,
                  float* y,
                  ProductScratch& scratch) const;

 private:
  void pack(const WeightRows& weight, float* packed) const;
  void pack_int8(const WeightRows& weight, std::int8_t* packed);

  const InferenceKernels* kernels_;
  std::int64_t out_;
  std::int64_t in_;
  std::vector<float> bias_;               // [out]
  const float* weight_ = nullptr;         // packed, of kFloat32
  const std::int8_t* weight8_ = nullptr;  // packed, of kInt8
  std::vector<float> weight_scale_;       // [out] of kInt8
  std::vector<std::int32_t> weight_sum_;  // [out] of kInt8
};

}  // namespace sbert
