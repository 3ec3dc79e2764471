#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sbert/kernels/inference_kernels.h"
#include "sbert/kernels/kernels.h"
#include "sbert/kernels/packed_linear.h"
#include "sbert/model/encoder_spec.h"
#include "sbert/model/parameter_specs.h"
#include "sbert/model/weights.h"

namespace sbert {

// The packed weights of a CpuEncoder.

/// What a product can do in its last step; nullopt if it cannot do this one.
std::optional<Epilogue> epilogue_of(Activation activation);

/// The weights of an encoder, each of which is given away once. Several threads may take different
/// ones.
class ParameterSource {
 public:
  /// @throws Error(kInternal) if the weights are not the parameters of the spec
  ParameterSource(const EncoderSpec& spec, Weights weights);

  /// @throws Error(kInternal) if the encoder has no such parameter
  Weight take(ParameterRole role, std::optional<std::int64_t> layer = std::nullopt);
  /// A norm's weight, or the bias of a parameter; empty if the encoder has no such bias.
  std::vector<float> take_vector(ParameterRole role,
                                 std::optional<std::int64_t> layer,
                                 bool is_bias);

 private:
  Weights weights_;
  ParameterIndex index_;
};

struct LayerNormWeights {
  LayerNormWeights(ParameterSource& source,
                   ParameterRole role,
                   std::optional<std::int64_t> layer,
                   double eps);
  LayerNormParams params() const;

  std::vector<float> weight;
  std::vector<float> bias;
  float epsilon;
};

/// A layer of the encoders that CpuEncoder can run.
struct PackedLayer {
  PackedLayer(const EncoderSpec& spec,
              std::int64_t layer,
              ParameterSource& source,
              ProductType type,
              WeightMemory& memory,
              const InferenceKernels& kernels);

  /// The bytes of WeightMemory that it takes.
  static std::int64_t weight_bytes(const EncoderSpec& spec,
                                   const LayerSpec& layer,
                                   ProductType type,
                                   const InferenceKernels& kernels);

  /// Queries, keys and values of a token.
  std::int64_t qkv_width() const {
    return (attention.num_heads + 2 * attention.num_key_heads) * attention.head_dim;
  }

  AttentionShape attention;
  std::int64_t feed_forward_width;
  Epilogue activation;
  PackedLinear qkv;               // [qkv_width(), H]
  PackedLinear attention_output;  // [H, A * D]
  PackedLinear up;                // [F, H]
  PackedLinear down;              // [H, F]
  LayerNormWeights attention_norm;
  LayerNormWeights feed_forward_norm;
};

}  // namespace sbert
