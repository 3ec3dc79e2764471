#include <set>
#include <string>

#include <gtest/gtest.h>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/node.h>

#include "sbert/base/error.h"
#include "sbert/nn/test_encoder.h"

namespace sbert {
namespace {

TorchEncoder partly_frozen(const std::string& parts) {
  TrainingRecipe recipe = with_dropout();
  recipe.frozen_parts = parts;
  return random_encoder(at::kFloat, recipe);
}

// Nodes of the graph below a tensor, each as often as it is reached.
std::size_t graph_size(const torch::autograd::Node* node) {
  std::size_t count = 1;
  for (const auto& edge : node->next_edges()) {
    if (edge.function) count += graph_size(edge.function.get());
  }
  return count;
}

TEST(FrozenEncoder, FrozenParametersGetNoGradientAndOthersTheSame) {
  const TorchEncoder whole = random_encoder(at::kFloat).shared();
  const TorchEncoder partly = partly_frozen("embeddings,layers.0,layers.2").shared();
  for (const TorchEncoder* each : {&whole, &partly}) {
    (each->forward(pack(kSequences), DropoutKey{3}) * some_weights(at::kFloat)).sum().backward();
  }
  const EncoderParameters expected = whole.parameters();
  const EncoderParameters actual = partly.parameters();
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (actual[i].layer == 1) {
      EXPECT_TRUE(actual[i].tensor.grad().to_dense().equal(expected[i].tensor.grad().to_dense()))
          << actual[i].name;
    } else {
      EXPECT_FALSE(actual[i].tensor.grad().defined()) << actual[i].name;
    }
  }
}

TEST(FrozenEncoder, TheGraphEndsAboveWhatIsFrozenAtTheBottom) {
  const auto output = [](const std::string& parts) {
    return partly_frozen(parts).shared().forward(pack(kSequences), std::nullopt);
  };
  const std::size_t whole = graph_size(output("").grad_fn().get());
  const Tensor of_top_layer = output("embeddings,layers.0-1");
  // One layer of three is left, each reached twice from the next.
  EXPECT_LT(graph_size(of_top_layer.grad_fn().get()), whole / 3);
  EXPECT_FALSE(output("embeddings,layers.0-2").requires_grad());
}

TEST(FrozenEncoder, TrainableParametersAreTheOthersInTheirOrder) {
  const TorchEncoder whole = random_encoder(at::kFloat);
  EXPECT_EQ(whole.trainable_parameters().size(), whole.parameters().size());
  const EncoderParameters trained = partly_frozen("embeddings").trainable_parameters();
  EXPECT_EQ(trained.size(), whole.parameters().size() - 5);
  EXPECT_EQ(trained[0].name, "encoder.layer.0.attention.self.qkv.weight");
  for (const EncoderParameter& each : partly_frozen("layers.1").trainable_parameters())
    EXPECT_NE(each.layer, 1) << each.name;
}

TEST(FrozenEncoder, ALayerThatDoesNotExistIsRefused) {
  EXPECT_THROW(partly_frozen("layers.3"), Error);
}

}  // namespace
}  // namespace sbert
