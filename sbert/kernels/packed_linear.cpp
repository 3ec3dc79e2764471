#include "sbert/kernels/packed_linear.h"

#include <numeric>
#include <span>

#include <ATen/ATen.h>

#include "sbert/base/error.h"
#include "sbert/kernels/weight_quantization.h"
#include "sbert/nn/zero_tensor.h"

namespace sbert {

void* ProductScratch::get(std::int64_t bytes) {
  if (!memory_.defined() || memory_.numel() < bytes) memory_ = at::empty({bytes}, at::kByte);
  return memory_.data_ptr();
}

WeightMemory::WeightMemory(std::int64_t bytes)
    : memory_(zero_tensor({rounded(bytes) / static_cast<std::int64_t>(sizeof(float))})),
      size_(rounded(bytes)) {}

std::int64_t WeightMemory::rounded(std::int64_t bytes) {
  constexpr std::int64_t kCacheLine = 64;
  return (bytes + kCacheLine - 1) / kCacheLine * kCacheLine;
}

void* WeightMemory::take(std::int64_t bytes) {
  const std::int64_t start = used_.fetch_add(rounded(bytes));
  if (start + bytes > size_) fail(ErrorKind::kInternal, "packed weights are larger than planned");
  return static_cast<char*>(memory_.data_ptr()) + start;
}

std::int64_t PackedLinear::weight_bytes(std::int64_t out,
                                        std::int64_t in,
                                        InferencePrecision precision) {
  const InferenceKernels& kernels = inference_kernels();
  const std::int64_t bytes =
      precision == InferencePrecision::kInt8
          ? kernels.packed_size_int8(out, in)
          : kernels.packed_size(out, in) * static_cast<std::int64_t>(sizeof(float));
  return WeightMemory::rounded(bytes);
}

PackedLinear::PackedLinear(const Tensor& weight,
                           const Tensor& bias,
                           InferencePrecision precision,
                           WeightMemory& memory)
    : out_(weight.size(0)), in_(weight.size(1)), bias_(bias.detach().contiguous()) {
  const Tensor source = weight.detach().contiguous();
  const float* values = source.const_data_ptr<float>();
  void* packed = memory.take(weight_bytes(out_, in_, precision));
  if (precision == InferencePrecision::kInt8) {
    weight8_ = static_cast<std::int8_t*>(packed);
    quantize(values, static_cast<std::int8_t*>(packed));
  } else {
    weight_ = static_cast<float*>(packed);
    inference_kernels().pack(values, out_, in_, static_cast<float*>(packed));
  }
}

void PackedLinear::quantize(const float* weight, std::int8_t* packed) {
  const InferenceKernels& kernels = inference_kernels();
  std::vector<std::int8_t> rounded(static_cast<std::size_t>(out_ * in_));
  for (std::int64_t j = 0; j < out_; ++j) {
    const auto row = std::span(rounded).subspan(static_cast<std::size_t>(j * in_),
                                                static_cast<std::size_t>(in_));
    weight_scale_.push_back(quantize_weights({weight + j * in_, row.size()}, kernels.max_int8_pair,
                                             static_cast<std::size_t>(kernels.int8_pair_distance),
                                             row));
    weight_sum_.push_back(std::accumulate(row.begin(), row.end(), 0));
  }
  kernels.pack_int8(rounded.data(), out_, in_, packed);
}

void PackedLinear::operator()(
    const float* x, std::int64_t rows, After after, float* y, ProductScratch& scratch) const {
  const InferenceKernels& kernels = inference_kernels();
  const float* bias = bias_.const_data_ptr<float>();
  if (weight_ != nullptr) {
    kernels.multiply({.x = x,
                      .rows = rows,
                      .in = in_,
                      .out = out_,
                      .weight = weight_,
                      .bias = bias,
                      .after = after,
                      .scratch = scratch.get(kernels.multiply_scratch(rows, in_, out_)),
                      .y = y});
    return;
  }
  const std::int64_t padded = int8_rows(rows);
  const std::int64_t bytes = padded * int8_row_bytes(in_);
  auto* x8 = static_cast<std::uint8_t*>(scratch.get(
      bytes + padded * static_cast<std::int64_t>(sizeof(float) + sizeof(std::int32_t))));
  auto* scale = reinterpret_cast<float*>(x8 + bytes);
  auto* zero = reinterpret_cast<std::int32_t*>(scale + padded);
  kernels.quantize(x, rows, in_, x8, scale, zero);
  kernels.multiply_int8({.x = x8,
                         .x_scale = scale,
                         .x_zero = zero,
                         .rows = rows,
                         .in = in_,
                         .out = out_,
                         .weight = weight8_,
                         .weight_scale = weight_scale_.data(),
                         .weight_sum = weight_sum_.data(),
                         .bias = bias,
                         .after = after,
                         .y = y});
}

}  // namespace sbert
