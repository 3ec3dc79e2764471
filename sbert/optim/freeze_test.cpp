#include "sbert/optim/freeze.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/nn/named_tensor.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Eleven layers, so that layer 1 is the beginning of layer 10's name.
NamedTensors parameters() {
  NamedTensors tensors{{"embeddings.word_embeddings.weight", Tensor()},
                       {"embeddings.LayerNorm.bias", Tensor()}};
  for (int layer = 0; layer < 11; ++layer)
    tensors.push_back({concat("encoder.layer.", layer, ".output.dense.weight"), Tensor()});
  return tensors;
}

std::string layer(int number) {
  return concat("encoder.layer.", number, ".output.dense.weight");
}

std::string message(std::string_view parts) {
  try {
    frozen_parameters(parts, parameters());
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    return error.what();
  }
  return "";
}

TEST(FrozenParameters, NamesThoseOfEachPart) {
  EXPECT_THAT(frozen_parameters("embeddings", parameters()),
              ElementsAre("embeddings.LayerNorm.bias", "embeddings.word_embeddings.weight"));
  EXPECT_THAT(frozen_parameters("layers.1", parameters()), ElementsAre(layer(1)));
  EXPECT_THAT(frozen_parameters("layers.0-2, layers.2 ,layers.10", parameters()),
              ElementsAre(layer(0), layer(1), layer(10), layer(2)));
  EXPECT_EQ(frozen_parameters("embeddings,layers.0-10", parameters()).size(), 13);
}

TEST(FrozenParameters, NothingFreezesNothing) {
  EXPECT_THAT(frozen_parameters("", parameters()), IsEmpty());
  EXPECT_THAT(frozen_parameters("  ", parameters()), IsEmpty());
}

TEST(FrozenParameters, ALayerThatDoesNotExistIsNamedWithThoseThatDo) {
  EXPECT_EQ(message("layers.11"),
            "model.freeze: there is no layer 11, the model has layers 0 to 10: layers.11");
  EXPECT_THAT(message("embeddings,layers.9-12"), HasSubstr("no layer 12"));
}

TEST(FrozenParameters, ARangeFromAboveIsRefused) {
  EXPECT_THAT(message("layers.5-3"), HasSubstr("first layer of a range is its lowest: layers.5-3"));
}

TEST(FrozenParameters, OtherPartsAreRefused) {
  for (const char* part : {"pooler", "layers", "layers.", "layers.x", "layers.1-", "layers.-1",
                           "layers.1-2-3", "layers.0x1", "layers.99999999999999999999",
                           "embeddings,", ",", "Embeddings", "layers. 1"}) {
    EXPECT_THAT(message(part), HasSubstr("model.freeze lists embeddings, layers.N and layers.N-M"))
        << part;
  }
}

}  // namespace
}  // namespace sbert
