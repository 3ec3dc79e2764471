#include "sbert/checkpoint/families/family.h"

#include <array>
#include <map>
#include <set>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/checkpoint/families/bert.h"
#include "sbert/checkpoint/name_lists.h"

namespace sbert {
namespace {

constexpr std::array<const EncoderFamily*, 1> kFamilies = {&kBertFamily};

// Of several names of one activation the first is written.
constexpr std::array<std::pair<std::string_view, Activation>, 4> kActivations = {{
    {"gelu", Activation::kGelu},
    {"gelu_new", Activation::kGeluTanh},
    {"gelu_pytorch_tanh", Activation::kGeluTanh},
    {"relu", Activation::kRelu},
}};

// What stands before the names of the encoder's tensors; nothing, if none of the anchors is there.
std::string encoder_prefix(const EncoderFamily& family, const Weights& tensors) {
  std::set<std::string> prefixes;
  for (const Weight& each : tensors) {
    for (const std::string_view anchor : family.anchors) {
      if (!each.name.ends_with(anchor)) continue;
      std::string prefix = each.name.substr(0, each.name.size() - anchor.size());
      if (prefix.empty() || prefix.ends_with('.')) prefixes.insert(std::move(prefix));
    }
  }
  if (prefixes.empty()) return "";
  if (prefixes.size() == 1) return *prefixes.begin();
  fail(
      ErrorKind::kInput,
      concat("the weights hold several encoders, where one is expected; the names of their tensors "
             "begin with: ",
             joined({prefixes.begin(), prefixes.end()})));
}

}  // namespace

const EncoderFamily& find_family(std::string_view model_type) {
  std::string known;
  for (const EncoderFamily* family : kFamilies) {
    if (family->model_type == model_type) return *family;
    known += concat(known.empty() ? "" : ", ", '"', family->model_type, '"');
  }
  fail(ErrorKind::kInput,
       concat("model_type must be ", known, ", the only one supported: ", model_type));
}

Weights from_family(const EncoderFamily& family, Weights tensors) {
  const std::string prefix = encoder_prefix(family, tensors);
  Weights weights;
  Weights ignored;
  std::map<std::string, std::string> sources;
  for (Weight& each : tensors) {
    const bool is_of_encoder = each.name.starts_with(prefix);
    std::optional<std::string> name =
        is_of_encoder ? family.parameter_name(std::string_view(each.name).substr(prefix.size()))
                      : std::nullopt;
    if (!name) {
      ignored.push_back(std::move(each));
      continue;
    }
    const auto [first, is_new] = sources.emplace(*name, each.name);
    if (!is_new) {
      fail(ErrorKind::kInput, concat("two tensors are the encoder's ", *name, ": ", first->second,
                                     " and ", each.name));
    }
    each.name = std::move(*name);
    weights.push_back(std::move(each));
  }
  log_ignored(ignored);
  return weights;
}

Weights to_family(const EncoderFamily& family, Weights weights) {
  for (Weight& each : weights)
    each.name = family.tensor_name(each.name);
  return weights;
}

std::string_view activation_name(Activation activation) {
  for (const auto& [name, known] : kActivations) {
    if (known == activation) return name;
  }
  fail(ErrorKind::kInternal, "activation without a name");
}

Activation activation_from_name(std::string_view name) {
  for (const auto& [known, activation] : kActivations) {
    if (known == name) return activation;
  }
  fail(ErrorKind::kInput,
       concat("hidden_act must be gelu, gelu_new, gelu_pytorch_tanh or relu: ", name));
}

}  // namespace sbert
