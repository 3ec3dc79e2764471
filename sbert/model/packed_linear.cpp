#include "sbert/model/packed_linear.h"

#include <numeric>
#include <span>

#include <ATen/ATen.h>

#include "sbert/model/weight_quantization.h"

namespace sbert {

PackedLinear::PackedLinear(const Tensor& weight, const Tensor& bias, InferencePrecision precision)
    : out_(weight.size(0)),
      in_(weight.size(1)),
      precision_(precision),
      bias_(bias.detach().contiguous()) {
  const Tensor source = weight.detach().contiguous();
  const float* values = source.const_data_ptr<float>();
  const InferenceKernels& kernels = inference_kernels();
  if (precision == InferencePrecision::kInt8) {
    quantize(values);
    return;
  }
  weight_ = at::empty({kernels.packed_size(out_, in_)}, at::kFloat);
  kernels.pack(values, out_, in_, weight_.data_ptr<float>());
}

void PackedLinear::quantize(const float* weight) {
  const InferenceKernels& kernels = inference_kernels();
  weight_ = at::empty({kernels.packed_size_int8(out_, in_)}, at::kChar);
  weight_scale_ = at::empty({out_}, at::kFloat);
  offset_ = at::empty({out_}, at::kInt);
  std::vector<std::int8_t> rounded(static_cast<std::size_t>(out_ * in_));
  for (std::int64_t j = 0; j < out_; ++j) {
    const auto row = std::span(rounded).subspan(static_cast<std::size_t>(j * in_),
                                                static_cast<std::size_t>(in_));
    weight_scale_.data_ptr<float>()[j] =
        quantize_weights({weight + j * in_, row.size()}, kernels.max_int8_pair,
                         static_cast<std::size_t>(kernels.int8_pair_distance), row);
    offset_.data_ptr<std::int32_t>()[j] = 128 * std::accumulate(row.begin(), row.end(), 0);
  }
  kernels.pack_int8(rounded.data(), out_, in_, weight_.data_ptr<std::int8_t>());
}

void PackedLinear::operator()(
    const float* x, std::int64_t rows, After after, float* y, QuantizedRows& scratch) const {
  const InferenceKernels& kernels = inference_kernels();
  const float* bias = bias_.const_data_ptr<float>();
  if (precision_ == InferencePrecision::kFloat32) {
    kernels.multiply({.x = x,
                      .rows = rows,
                      .in = in_,
                      .out = out_,
                      .weight = weight_.const_data_ptr<float>(),
                      .bias = bias,
                      .after = after,
                      .y = y});
    return;
  }
  const auto padded = static_cast<std::size_t>(int8_rows(rows));
  const std::size_t bytes = padded * static_cast<std::size_t>(int8_row_bytes(in_));
  if (scratch.values.size() < bytes) scratch.values.resize(bytes);
  if (scratch.scale.size() < padded) scratch.scale.resize(padded);
  kernels.quantize(x, rows, in_, scratch.values.data(), scratch.scale.data());
  kernels.multiply_int8({.x = scratch.values.data(),
                         .x_scale = scratch.scale.data(),
                         .rows = rows,
                         .in = in_,
                         .out = out_,
                         .weight = weight_.const_data_ptr<std::int8_t>(),
                         .weight_scale = weight_scale_.const_data_ptr<float>(),
                         .offset = offset_.const_data_ptr<std::int32_t>(),
                         .bias = bias,
                         .after = after,
                         .y = y});
}

}  // namespace sbert
