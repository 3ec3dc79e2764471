#include "sbert/optim/parameter_settings.h"

#include <cmath>
#include <string>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/nn/named_tensor.h"
#include "sbert/optim/parameter_names.h"

namespace sbert {
namespace {

bool is_decayed(const std::string& name) {
  return !name.ends_with(".bias") && name.find("LayerNorm") == std::string::npos;
}

}  // namespace

std::vector<ParameterSetting> parameter_settings(const std::vector<NamedTensor>& parameters) {
  std::vector<ParameterSetting> settings;
  settings.reserve(parameters.size());
  for (const NamedTensor& parameter : parameters)
    settings.push_back({.is_decayed = is_decayed(parameter.name)});
  return settings;
}

std::vector<double> layer_learning_rates(const std::vector<NamedTensor>& parameters,
                                         std::int64_t num_layers,
                                         double decay) {
  if (!(decay > 0 && decay <= 1)) {
    fail(ErrorKind::kUsage, concat("layer-wise learning rate decay must be in (0, 1]: ", decay));
  }
  std::vector<double> scales;
  scales.reserve(parameters.size());
  for (const NamedTensor& parameter : parameters) {
    std::int64_t below_top = 0;
    if (const auto layer = layer_of(parameter.name)) {
      below_top = num_layers - *layer;
    } else if (is_of_embeddings(parameter.name)) {
      below_top = num_layers + 1;
    }
    scales.push_back(std::pow(decay, static_cast<double>(below_top)));
  }
  return scales;
}

}  // namespace sbert
