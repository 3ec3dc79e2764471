#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "sbert/model/inference_encoder.h"
#include "sbert/model/kernels/cpu/inference_kernels.h"

namespace sbert {

using at::Tensor;

/// What the products of a pass write into on their way; each thread has its own.
struct QuantizedRows {
  std::vector<std::uint8_t> values;
  std::vector<float> scale;
};

/// A linear layer whose weight is laid out for the kernels of this processor.
class PackedLinear {
 public:
  /// @param weight [out, in] float32 on the CPU
  /// @param bias   [out]
  PackedLinear(const Tensor& weight, const Tensor& bias, InferencePrecision precision);

  /// y [rows, out] = after(x [rows, in] weight^T + bias)
  void operator()(
      const float* x, std::int64_t rows, After after, float* y, QuantizedRows& scratch) const;

 private:
  void quantize(const float* weight);

  std::int64_t out_;
  std::int64_t in_;
  InferencePrecision precision_;
  Tensor weight_;        // packed: float32 or int8
  Tensor bias_;          // [out]
  Tensor weight_scale_;  // [out] of kInt8
  Tensor offset_;        // [out] int32, of kInt8
};

}  // namespace sbert
