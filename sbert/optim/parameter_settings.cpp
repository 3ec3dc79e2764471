#include "sbert/optim/parameter_settings.h"

#include <cmath>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {

std::vector<ParameterSetting> parameter_settings(const EncoderParameters& parameters) {
  std::vector<ParameterSetting> settings;
  settings.reserve(parameters.size());
  for (const EncoderParameter& each : parameters)
    settings.push_back({.is_decayed = !each.is_bias && !is_norm(each.role)});
  return settings;
}

std::vector<double> layer_learning_rates(const EncoderParameters& parameters,
                                         std::int64_t num_layers,
                                         double decay) {
  if (!(decay > 0 && decay <= 1)) {
    fail(ErrorKind::kUsage, concat("layer-wise learning rate decay must be in (0, 1]: ", decay));
  }
  std::vector<double> scales;
  scales.reserve(parameters.size());
  for (const EncoderParameter& each : parameters) {
    std::int64_t below_top = 0;
    if (each.layer) {
      below_top = num_layers - *each.layer;
    } else if (is_of_embeddings(each.role)) {
      below_top = num_layers + 1;
    }
    scales.push_back(std::pow(decay, static_cast<double>(below_top)));
  }
  return scales;
}

}  // namespace sbert
