#include "sbert/model/cpu_encoder.h"
#include "sbert/model/executor_limits.h"
#include "sbert/model/packed_layer.h"

namespace sbert {

void CpuEncoder::check_can_run(const EncoderSpec& spec) {
  ExecutorLimits limits("the CPU encoder");
  check_common_limits(spec, limits);
  for (std::size_t i = 0; i < spec.layers.size(); ++i) {
    limits.enter(layer_prefix(i) + "feed_forward.");
    limits.require(epilogue_of(spec.layers[i].feed_forward.activation).has_value(), "activation",
                   "silu or tanh");
  }
}

}  // namespace sbert
