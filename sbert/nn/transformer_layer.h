#pragma once

#include <string>

#include "sbert/model/encoder_config.h"
#include "sbert/nn/linear.h"
#include "sbert/nn/sequences.h"

namespace sbert {

struct LayerNorm {
  Tensor weight;  // [H]
  Tensor bias;    // [H]
  double epsilon;

  /// Zeros.
  LayerNorm(std::int64_t size, double eps);
  Tensor operator()(const Tensor& x) const;
};

/// One layer of a BertEncoder.
struct EncoderLayer {
  Linear qkv;               // [3H, H]
  Linear attention_output;  // [H, H]
  LayerNorm attention_norm;
  Linear intermediate;  // [F, H]
  Linear output;        // [H, F]
  LayerNorm output_norm;

  explicit EncoderLayer(const EncoderConfig& config);

  /// @param x         [T, H]
  /// @param sequences of the batch
  /// @return          [T, H] in the type of `x`
  Tensor forward(const Tensor& x,
                 const Sequences& sequences,
                 const EncoderConfig& config,
                 ComputePrecision precision,
                 DropoutSites& sites) const;

  /// The dropout sites that forward() passes.
  int num_dropout_sites() const;
};

/// Calls visit(name, tensor) for each parameter of a layer, in the order of the network.
/// @param layer  const or not
/// @param prefix of the names: "encoder.layer.3."
template <typename Layer, typename Visit>
void visit_parameters(Layer& layer, const std::string& prefix, const Visit& visit) {
  const auto both = [&](const char* name, auto& part) {
    visit(prefix + name + ".weight", part.weight);
    visit(prefix + name + ".bias", part.bias);
  };
  both("attention.self.qkv", layer.qkv);
  both("attention.output.dense", layer.attention_output);
  both("attention.output.LayerNorm", layer.attention_norm);
  both("intermediate.dense", layer.intermediate);
  both("output.dense", layer.output);
  both("output.LayerNorm", layer.output_norm);
}

/// The same for the tensors of its LoRA adapters.
template <typename Layer, typename Visit>
void visit_lora(Layer& layer, const std::string& prefix, const Visit& visit) {
  for (auto* part : {&layer.qkv, &layer.attention_output, &layer.intermediate, &layer.output}) {
    for (auto& adapter : part->adapters) {
      visit(prefix + adapter.module + ".lora_A.weight", adapter.a);
      visit(prefix + adapter.module + ".lora_B.weight", adapter.b);
    }
  }
}

}  // namespace sbert
