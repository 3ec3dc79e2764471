#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "sbert/model/inference_encoder.h"
#include "sbert/kernels/inference_kernels.h"

namespace sbert {

using at::Tensor;

/// What the products of a pass write into on their way; each thread has its own.
class ProductScratch {
 public:
  /// From a whole cache line on; what is in it is lost with the next call.
  void* get(std::int64_t bytes);

 private:
  Tensor memory_;
};

/// Memory for packed weights, in huge pages where the system gives them: a product that walks
/// through all weights of a model would miss the table of small pages again and again.
class WeightMemory {
 public:
  explicit WeightMemory(std::int64_t bytes);
  /// The next bytes, from a whole cache line on. Any thread.
  void* take(std::int64_t bytes);
  /// What take() uses up for so many.
  static std::int64_t rounded(std::int64_t bytes);

 private:
  Tensor memory_;
  std::int64_t size_;
  std::atomic<std::int64_t> used_ = 0;
};

/// A linear layer whose weight is laid out for the kernels of this processor.
class PackedLinear {
 public:
  /// @param weight [out, in] float32 on the CPU
  /// @param bias   [out]
  /// @param memory outlives this object
  PackedLinear(const Tensor& weight,
               const Tensor& bias,
               InferencePrecision precision,
               WeightMemory& memory);

  /// The bytes of `memory` that a weight of this shape takes.
  static std::int64_t weight_bytes(std::int64_t out, std::int64_t in, InferencePrecision precision);

  /// y [rows, out] = after(x [rows, in] weight^T + bias)
  void operator()(
      const float* x, std::int64_t rows, After after, float* y, ProductScratch& scratch) const;

 private:
  void quantize(const float* weight, std::int8_t* packed);

  std::int64_t out_;
  std::int64_t in_;
  Tensor bias_;                           // [out]
  const float* weight_ = nullptr;         // packed, of kFloat32
  const std::int8_t* weight8_ = nullptr;  // packed, of kInt8
  std::vector<float> weight_scale_;       // [out] of kInt8
  std::vector<std::int32_t> weight_sum_;  // [out] of kInt8
};

}  // namespace sbert
