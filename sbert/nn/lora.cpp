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
#include "sbert/nn/fused_parameters.h"
#include "sbert/nn/transformer_layer.h"

namespace sbert {
namespace {

constexpr std::int64_t kMaxRank = 65'536;

struct Target {
  std::string_view name;
  ParameterRole role;
};

// The place of a target here is a part of the key that its adapters are drawn from.
constexpr std::array<Target, 6> kTargets{{
    {"query", ParameterRole::kQuery},
    {"key", ParameterRole::kKey},
    {"value", ParameterRole::kValue},
    {"attention_output", ParameterRole::kAttentionOutput},
    {"intermediate", ParameterRole::kUp},
    {"output", ParameterRole::kDown},
}};

// The rows of a fused weight that are a parameter of a layer.
struct Rows {
  const ParameterSpec& parameter;
  ParameterRole fused_role = ParameterRole::kQuery;
  std::int64_t first = 0;
};

Rows rows_of(const FusedParameters& all, ParameterRole role, std::int64_t layer) {
  for (const auto& [tensor, parts] : all.tensors) {
    if (tensor.layer != layer || tensor.is_bias) continue;
    std::int64_t first = 0;
    for (const std::size_t part : parts) {
      const ParameterSpec& parameter = all.parameters[part];
      if (parameter.role == role) return {parameter, tensor.role, first};
      first += parameter.shape[0];
    }
  }
  fail(ErrorKind::kInternal, "the layer has no parameter of this role");
}

Linear& linear_of(TransformerLayer& layer, ParameterRole role) {
  switch (role) {
    case ParameterRole::kAttentionOutput:
      return layer.attention_output;
    case ParameterRole::kUp:
      return layer.up;
    case ParameterRole::kDown:
      return layer.down;
    default:
      return layer.qkv;
  }
}

// PEFT's name of what a weight is in: without ".weight".
std::string module_of(const std::string& weight) {
  return weight.substr(0, weight.rfind('.'));
}

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

void add_lora(TransformerLayer& layer,
              std::int64_t number,
              const FusedParameters& parameters,
              const LoraOptions& options,
              std::uint64_t seed) {
  for (std::size_t i = 0; i < kTargets.size(); ++i) {
    const auto& [name, role] = kTargets[i];
    if (std::ranges::find(options.targets, name) == options.targets.end()) continue;
    const Rows rows = rows_of(parameters, role, number);
    Linear& linear = linear_of(layer, rows.fused_role);
    const std::int64_t in = linear.weight.size(1);
    const double bound = 1 / std::sqrt(static_cast<double>(in));
    Tensor a = at::empty({options.rank, in}, linear.weight.options().device(at::kCPU));
    a.uniform_(-bound, bound, at::detail::createCPUGenerator(derive_key(seed, i)));
    a = a.to(linear.weight.device());  // one seed draws the same adapters on every device
    const std::int64_t out = rows.parameter.shape[0];
    linear.adapters.push_back({.module = module_of(rows.parameter.name),
                               .role = role,
                               .first_row = rows.first,
                               .a = a,
                               .b = at::zeros({out, options.rank}, a.options()),
                               .scale = options.alpha / static_cast<double>(options.rank),
                               .dropout = options.dropout});
  }
}

Tensor merged_weight(const Linear& linear) {
  const at::NoGradGuard no_grad;
  if (linear.adapters.empty()) return linear.weight;
  Tensor merged = linear.weight.detach().clone();
  for (const LoraAdapter& adapter : linear.adapters) {
    merged.slice(0, adapter.first_row, adapter.first_row + adapter.b.size(0))
        .add_(adapter.b.mm(adapter.a), adapter.scale);
  }
  return merged;
}

}  // namespace sbert
