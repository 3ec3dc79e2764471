#include "sbert/nn/encoder_parameter.h"

namespace sbert {

NamedTensors named_tensors(const EncoderParameters& parameters) {
  NamedTensors named;
  named.reserve(parameters.size());
  for (const EncoderParameter& each : parameters)
    named.push_back({each.name, each.tensor});
  return named;
}

}  // namespace sbert
