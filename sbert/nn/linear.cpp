#include "sbert/nn/linear.h"

#include <ATen/ATen.h>

#include "sbert/nn/dropout.h"
#include "sbert/nn/tiled_linear.h"

namespace sbert {
namespace {

// The additions side by side, zeros where there is none: [T, width].
Tensor additions(const std::vector<LoraAdapter>& adapters,
                 const Tensor& x,
                 std::int64_t width,
                 ComputePrecision precision,
                 DropoutSites& sites) {
  std::vector<Tensor> blocks;
  std::int64_t filled = 0;
  const auto fill_to = [&](std::int64_t column) {
    if (column > filled) blocks.push_back(at::zeros({x.size(0), column - filled}, x.options()));
  };
  for (const LoraAdapter& adapter : adapters) {
    fill_to(adapter.first_row);
    blocks.push_back(adapter(x, precision, sites));
    filled = adapter.first_row + adapter.b.size(0);
  }
  fill_to(width);
  return blocks.size() == 1 ? blocks[0] : at::cat(blocks, 1);
}

}  // namespace

Tensor LoraAdapter::operator()(const Tensor& x,
                               ComputePrecision precision,
                               DropoutSites& sites) const {
  const Tensor kept = sbert::dropout(x, sites.next(dropout));
  const Tensor narrow = at::linear(kept, to_compute_type(a, precision)) * scale;  // [T, r]
  return at::linear(narrow, to_compute_type(b, precision));
}

Tensor Linear::operator()(const Tensor& x, ComputePrecision precision, DropoutSites& sites) const {
  const Tensor input = to_compute_type(x, precision);
  Tensor output = prefers_tiles(input)
                      ? tiled_linear(input, weight, bias)
                      : at::linear(input, to_compute_type(weight, precision),
                                   bias.defined() ? to_compute_type(bias, precision) : Tensor());
  if (adapters.empty()) return output;
  return output + additions(adapters, input, output.size(1), precision, sites);
}

}  // namespace sbert
