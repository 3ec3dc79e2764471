#include <gtest/gtest.h>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/node.h>

#include "sbert/base/error.h"
#include "sbert/nn/named_tensor.h"
#include "sbert/model/test_encoder.h"

namespace sbert {
namespace {

std::set<std::string> names_with(const BertEncoder& encoder,
                                 const std::vector<std::string>& prefixes) {
  std::set<std::string> names;
  for (const NamedTensor& each : encoder.parameters()) {
    for (const std::string& prefix : prefixes) {
      if (each.name.starts_with(prefix)) names.insert(each.name);
    }
  }
  return names;
}

// Nodes of the graph below a tensor, each as often as it is reached.
std::size_t graph_size(const torch::autograd::Node* node) {
  std::size_t count = 1;
  for (const auto& edge : node->next_edges()) {
    if (edge.function) count += graph_size(edge.function.get());
  }
  return count;
}

TEST(Freeze, FrozenParametersGetNoGradientAndOthersTheSame) {
  const BertEncoder whole = random_encoder(at::kFloat);
  BertEncoder partly = random_encoder(at::kFloat);
  const auto frozen = names_with(partly, {"embeddings.", "encoder.layer.0.", "encoder.layer.2."});
  partly.freeze(frozen);
  const BertEncoder trained = whole.shared();
  const BertEncoder partly_trained = partly.shared();
  for (const BertEncoder* each : {&trained, &partly_trained}) {
    (each->forward(pack(kSequences), DropoutKey{3}) * some_weights(at::kFloat)).sum().backward();
  }
  const NamedTensors expected = trained.parameters();
  const NamedTensors actual = partly_trained.parameters();
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (frozen.contains(actual[i].name)) {
      EXPECT_FALSE(actual[i].tensor.grad().defined()) << actual[i].name;
    } else {
      EXPECT_TRUE(actual[i].tensor.grad().to_dense().equal(expected[i].tensor.grad().to_dense()))
          << actual[i].name;
    }
  }
}

TEST(Freeze, TheGraphEndsAboveWhatIsFrozenAtTheBottom) {
  BertEncoder encoder = random_encoder(at::kFloat);
  const auto size = [&] {
    return graph_size(encoder.shared().forward(pack(kSequences), std::nullopt).grad_fn().get());
  };
  const std::size_t whole = size();
  encoder.freeze(names_with(encoder, {"embeddings.", "encoder.layer.0.", "encoder.layer.1."}));
  EXPECT_LT(size(), whole / 3);  // one layer of three is left, each reached twice from the next
  encoder.freeze(names_with(encoder, {"encoder.layer.2."}));
  EXPECT_FALSE(encoder.shared().forward(pack(kSequences), std::nullopt).requires_grad());
}

TEST(Freeze, TrainableParametersAreTheOthersInTheirOrder) {
  BertEncoder encoder = random_encoder(at::kFloat);
  EXPECT_EQ(encoder.trainable_parameters().size(), encoder.parameters().size());
  encoder.freeze(names_with(encoder, {"embeddings."}));
  const NamedTensors trained = encoder.trainable_parameters();
  EXPECT_EQ(trained.size(), encoder.parameters().size() - 5);
  EXPECT_EQ(trained[0].name, "encoder.layer.0.attention.self.qkv.weight");
  encoder.freeze({trained[0].name});
  EXPECT_EQ(encoder.trainable_parameters().size(), trained.size() - 1);
}

TEST(Freeze, ANameOfNoParameterIsRefused) {
  BertEncoder encoder = random_encoder(at::kFloat);
  EXPECT_THROW(encoder.freeze({"encoder.layer.3.output.dense.weight"}), Error);
  EXPECT_EQ(encoder.trainable_parameters().size(), encoder.parameters().size());
}

}  // namespace
}  // namespace sbert
