#pragma once

#include "sbert/nn/linear.h"
#include "sbert/nn/sequences.h"
#include "sbert/nn/training_recipe.h"

namespace sbert {

struct LayerNorm {
  Tensor weight;  ///< [H]
  Tensor bias;    ///< [H], or undefined: none
  double epsilon;

  Tensor operator()(const Tensor& x) const;
};

/// One layer of a TorchEncoder, with the norms behind the attention and the feed-forward network.
struct TransformerLayer {
  LayerSpec spec;
  Linear qkv;               ///< [3 * A * D, H] queries, keys, values
  Linear attention_output;  ///< [H, A * D]
  LayerNorm attention_norm;
  Linear up;    ///< [F, H]
  Linear down;  ///< [H, F]
  LayerNorm feed_forward_norm;

  /// @param x         [T, H]
  /// @param sequences of the batch
  /// @param recipe    its dropout rates and its precision
  /// @return          [T, H] in the type of `x`
  Tensor forward(const Tensor& x,
                 const Sequences& sequences,
                 const TrainingRecipe& recipe,
                 DropoutSites& sites) const;

  /// The dropout sites that forward() passes.
  int num_dropout_sites() const;
};

/// Calls visit(role, is_bias, tensor) for the place of each parameter, in the order of the network.
/// The tensor of a bias that the layer does not have is undefined.
/// @param layer const or not
template <typename Layer, typename Visit>
void visit_places(Layer& layer, const Visit& visit) {
  const auto both = [&](ParameterRole role, auto& part) {
    visit(role, false, part.weight);
    visit(role, true, part.bias);
  };
  both(ParameterRole::kQuery, layer.qkv);
  both(ParameterRole::kAttentionOutput, layer.attention_output);
  both(ParameterRole::kAttentionNorm, layer.attention_norm);
  both(ParameterRole::kUp, layer.up);
  both(ParameterRole::kDown, layer.down);
  both(ParameterRole::kFeedForwardNorm, layer.feed_forward_norm);
}

/// Calls visit(adapter) for each LoRA adapter, in the order of the network.
template <typename Layer, typename Visit>
void visit_adapters(Layer& layer, const Visit& visit) {
  for (auto* part : {&layer.qkv, &layer.attention_output, &layer.up, &layer.down}) {
    for (auto& adapter : part->adapters)
      visit(adapter);
  }
}

/// Calls visit(tensor) for each tensor that a gradient may flow to.
template <typename Layer, typename Visit>
void visit_tensors(Layer& layer, const Visit& visit) {
  visit_places(layer, [&](ParameterRole, bool, auto& tensor) {
    if (tensor.defined()) visit(tensor);
  });
  visit_adapters(layer, [&](auto& adapter) {
    visit(adapter.a);
    visit(adapter.b);
  });
}

}  // namespace sbert
