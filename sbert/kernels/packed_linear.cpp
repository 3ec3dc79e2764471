#include "sbert/kernels/packed_linear.h"

#include <algorithm>
#include <numeric>
#include <span>

#include "sbert/kernels/weight_quantization.h"

namespace sbert {
namespace {

// Rows that are read and packed together: a multiple of every kernel's panel, so that packed blocks
// follow each other as those of the whole matrix do.
constexpr std::int64_t kBlockRows = 64;

// Calls use(first, count, rows [count, in]) for blocks of the rows.
template <typename Use>
void for_each_block(const WeightRows& weight, const Use& use) {
  std::vector<float> space(static_cast<std::size_t>(std::min(kBlockRows, weight.out) * weight.in));
  for (std::int64_t first = 0; first < weight.out; first += kBlockRows) {
    const std::int64_t count = std::min(kBlockRows, weight.out - first);
    use(first, count, weight.read(first, count, space.data()));
  }
}

}  // namespace

WeightRows rows_of(const float* weight, std::int64_t out, std::int64_t in) {
  return {out, in,
          [weight, in](std::int64_t first, std::int64_t, float*) { return weight + first * in; }};
}

std::int64_t PackedLinear::weight_bytes(std::int64_t out,
                                        std::int64_t in,
                                        ProductType type,
                                        const InferenceKernels& kernels) {
  const std::int64_t bytes =
      type == ProductType::kInt8
          ? kernels.packed_size_int8(out, in)
          : kernels.packed_size(out, in) * static_cast<std::int64_t>(sizeof(float));
  return WeightMemory::rounded(bytes);
}

PackedLinear::PackedLinear(const WeightRows& weight,
                           const float* bias,
                           ProductType type,
                           WeightMemory& memory,
                           const InferenceKernels& kernels)
    : kernels_(&kernels), out_(weight.out), in_(weight.in), bias_(static_cast<std::size_t>(out_)) {
  if (bias != nullptr) std::copy_n(bias, out_, bias_.begin());
  void* packed = memory.take(weight_bytes(out_, in_, type, kernels));
  if (type == ProductType::kInt8) {
    weight8_ = static_cast<std::int8_t*>(packed);
    pack_int8(weight, static_cast<std::int8_t*>(packed));
  } else {
    weight_ = static_cast<float*>(packed);
    pack(weight, static_cast<float*>(packed));
  }
}

void PackedLinear::pack(const WeightRows& weight, float* packed) const {
  for_each_block(weight, [&](std::int64_t first, std::int64_t count, const float* rows) {
    kernels_->pack(rows, count, in_, packed + kernels_->packed_size(first, in_));
  });
}

void PackedLinear::pack_int8(const WeightRows& weight, std::int8_t* packed) {
  const auto in = static_cast<std::size_t>(in_);
  std::vector<std::int8_t> rounded(static_cast<std::size_t>(std::min(kBlockRows, out_)) * in);
  for_each_block(weight, [&](std::int64_t first, std::int64_t count, const float* rows) {
    for (std::size_t j = 0; j < static_cast<std::size_t>(count); ++j) {
      const auto row = std::span(rounded).subspan(j * in, in);
      weight_scale_.push_back(
          quantize_weights({rows + j * in, in}, kernels_->max_int8_pair,
                           static_cast<std::size_t>(kernels_->int8_pair_distance), row));
      weight_sum_.push_back(std::accumulate(row.begin(), row.end(), 0));
    }
    kernels_->pack_int8(rounded.data(), count, in_,
                        packed + kernels_->packed_size_int8(first, in_));
  });
}

void PackedLinear::operator()(
    const float* x, std::int64_t rows, Epilogue epilogue, float* y, ProductScratch& scratch) const {
  const InferenceKernels& kernels = *kernels_;
  if (weight_ != nullptr) {
    kernels.multiply({.x = x,
                      .rows = rows,
                      .in = in_,
                      .out = out_,
                      .weight = weight_,
                      .bias = bias_.data(),
                      .epilogue = epilogue,
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
                         .bias = bias_.data(),
                         .epilogue = epilogue,
                         .y = y});
}

}  // namespace sbert
