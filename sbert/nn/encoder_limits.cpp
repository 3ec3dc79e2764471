#include <cmath>

#include "sbert/model/executor_limits.h"
#include "sbert/nn/torch_encoder.h"

namespace sbert {

void TorchEncoder::check_can_run(const EncoderSpec& spec) {
  constexpr double kRounding = 1e-6;  // of a scale that was written as a decimal
  ExecutorLimits limits("the torch encoder");
  check_common_limits(spec, limits);
  for (std::size_t i = 0; i < spec.layers.size(); ++i) {
    const AttentionSpec& attention = spec.layers[i].attention;
    limits.enter(layer_prefix(i) + "attention.");
    limits.require(attention.num_key_heads == attention.num_heads, "num_key_heads",
                   "fewer heads of keys than of queries");
    const double usual_scale = 1 / std::sqrt(static_cast<double>(attention.head_dim));
    limits.require(std::abs(attention.scale / usual_scale - 1) < kRounding, "scale",
                   "another scale of scores than 1 / sqrt(head_dim)");
    limits.require(!attention.is_causal, "is_causal", "causal attention");
    limits.require(attention.window == 0, "window", "attention within a window");
  }
}

}  // namespace sbert
