#include "sbert/nn/fused_parameters.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace sbert {
namespace {

constexpr std::string_view kQueryName = "query";
constexpr std::string_view kFusedName = "qkv";

std::string fused_name(std::string name) {
  return name.replace(name.rfind(kQueryName), kQueryName.size(), kFusedName);
}

bool is_stacked_on_query(ParameterRole role) {
  return role == ParameterRole::kKey || role == ParameterRole::kValue;
}

}  // namespace

FusedParameters fused_parameters(const EncoderSpec& spec) {
  FusedParameters fused{.parameters = parameter_specs(spec), .tensors = {}};
  for (std::size_t i = 0; i < fused.parameters.size(); ++i) {
    const ParameterSpec& parameter = fused.parameters[i];
    if (is_stacked_on_query(parameter.role)) {
      const auto query =
          std::find_if(fused.tensors.rbegin(), fused.tensors.rend(), [&](const auto& each) {
            return each.tensor.role == ParameterRole::kQuery &&
                   each.tensor.layer == parameter.layer && each.tensor.is_bias == parameter.is_bias;
          });
      query->tensor.shape[0] += parameter.shape[0];
      query->parts.push_back(i);
      continue;
    }
    fused.tensors.push_back({parameter, {i}});
    if (parameter.role == ParameterRole::kQuery) {
      fused.tensors.back().tensor.name = fused_name(parameter.name);
    }
  }
  return fused;
}

}  // namespace sbert
