#include "sbert/checkpoint/families/family.h"

#include <array>
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
  Weights weights;
  Weights ignored;
  for (Weight& each : tensors) {
    std::optional<std::string> name = family.parameter_name(each.name);
    if (name) {
      each.name = std::move(*name);
      weights.push_back(std::move(each));
    } else {
      ignored.push_back(std::move(each));
    }
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
