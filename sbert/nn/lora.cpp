#include "sbert/nn/lora.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/random.h"
#include "sbert/nn/transformer_layer.h"

namespace sbert {
namespace {

constexpr std::int64_t kMaxRank = 65'536;

// A part of a layer that can be adapted: block `block` of the `num_blocks` stacked in a weight.
struct Target {
  std::string_view name;
  std::string_view module;
  Linear EncoderLayer::* linear;
  std::int64_t block;
  std::int64_t num_blocks;
};

constexpr std::array<Target, 6> kTargets{{
    {"query", "attention.self.query", &EncoderLayer::qkv, 0, 3},
    {"key", "attention.self.key", &EncoderLayer::qkv, 1, 3},
    {"value", "attention.self.value", &EncoderLayer::qkv, 2, 3},
    {"attention_output", "attention.output.dense", &EncoderLayer::attention_output, 0, 1},
    {"intermediate", "intermediate.dense", &EncoderLayer::intermediate, 0, 1},
    {"output", "output.dense", &EncoderLayer::output, 0, 1},
}};

bool is_known(std::string_view name) {
  return std::ranges::find(kTargets, name, &Target::name) != kTargets.end();
}

}  // namespace

void LoraOptions::validate() const {
  if (rank < 1 || rank > kMaxRank) {
    fail(ErrorKind::kUsage, concat("model.lora.rank must be from 1 to ", kMaxRank, ": ", rank));
  }
  if (!(alpha > 0 && std::isfinite(alpha))) {
    fail(ErrorKind::kUsage, concat("model.lora.alpha must be positive: ", alpha));
  }
  if (!(dropout >= 0 && dropout < 1)) {
    fail(ErrorKind::kUsage, concat("model.lora.dropout must be in [0, 1): ", dropout));
  }
  if (targets.empty()) fail(ErrorKind::kUsage, "model.lora.targets must name at least one");
  for (const std::string& target : targets) {
    if (is_known(target)) continue;
    fail(ErrorKind::kUsage, concat("model.lora.targets takes query, key, value, attention_output, "
                                   "intermediate and output: ",
                                   target));
  }
}

void add_lora(EncoderLayer& layer, const LoraOptions& options, std::uint64_t seed) {
  for (std::size_t i = 0; i < kTargets.size(); ++i) {
    const Target& target = kTargets[i];
    if (std::ranges::find(options.targets, target.name) == options.targets.end()) continue;
    Linear& linear = layer.*target.linear;
    const std::int64_t in = linear.weight.size(1);
    const std::int64_t rows = linear.weight.size(0) / target.num_blocks;
    const double bound = 1 / std::sqrt(static_cast<double>(in));
    Tensor a = at::empty({options.rank, in}, linear.weight.options().device(at::kCPU));
    a.uniform_(-bound, bound, at::detail::createCPUGenerator(derive_key(seed, i)));
    a = a.to(linear.weight.device());  // one seed draws the same adapters on every device
    linear.adapters.push_back({.module = std::string(target.module),
                               .first_row = target.block * rows,
                               .a = a,
                               .b = at::zeros({rows, options.rank}, a.options()),
                               .scale = options.alpha / static_cast<double>(options.rank),
                               .dropout = options.dropout});
  }
}

void merge_lora(EncoderLayer& layer) {
  const at::NoGradGuard no_grad;
  for (Linear* linear : {&layer.qkv, &layer.attention_output, &layer.intermediate, &layer.output}) {
    if (linear->adapters.empty()) continue;
    linear->weight = linear->weight.detach().clone();
    for (const LoraAdapter& adapter : linear->adapters) {
      linear->weight.slice(0, adapter.first_row, adapter.first_row + adapter.b.size(0))
          .add_(adapter.b.mm(adapter.a), adapter.scale);
    }
    linear->adapters.clear();
  }
}

}  // namespace sbert
