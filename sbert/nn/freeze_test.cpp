#include "sbert/nn/freeze.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t kNumLayers = 11;

std::string message(std::string_view parts) {
  return message_of(ErrorKind::kUsage, [&] { read_frozen_parts(parts, kNumLayers); });
}

TEST(FrozenParts, AreThoseOfTheList) {
  EXPECT_TRUE(read_frozen_parts("embeddings", kNumLayers).has_embeddings);
  EXPECT_THAT(read_frozen_parts("embeddings", kNumLayers).layers, IsEmpty());
  EXPECT_THAT(read_frozen_parts("layers.1", kNumLayers).layers, ElementsAre(1));
  EXPECT_FALSE(read_frozen_parts("layers.1", kNumLayers).has_embeddings);
  EXPECT_THAT(read_frozen_parts("layers.0-2, layers.2 ,layers.10", kNumLayers).layers,
              ElementsAre(0, 1, 2, 10));
  const FrozenParts all = read_frozen_parts("embeddings,layers.0-10", kNumLayers);
  EXPECT_TRUE(all.has_embeddings);
  EXPECT_EQ(all.layers.size(), 11);
}

TEST(FrozenParts, ContainParametersByRoleAndLayer) {
  using enum ParameterRole;
  const FrozenParts parts = read_frozen_parts("embeddings,layers.1", kNumLayers);
  for (const ParameterRole role :
       {kWordEmbedding, kPositionEmbedding, kTypeEmbedding, kEmbeddingNorm, kEmbeddingProjection}) {
    EXPECT_TRUE(parts.contains(role, std::nullopt));
  }
  EXPECT_FALSE(parts.contains(kFinalNorm, std::nullopt));
  for (const ParameterRole role : {kQuery, kAttentionNorm, kDown}) {
    EXPECT_TRUE(parts.contains(role, 1));
    EXPECT_FALSE(parts.contains(role, 0));
    EXPECT_FALSE(parts.contains(role, 10));
  }
  EXPECT_FALSE(read_frozen_parts("layers.1", kNumLayers).contains(kWordEmbedding, std::nullopt));
}

TEST(FrozenParts, NothingFreezesNothing) {
  for (const char* parts : {"", "  "}) {
    EXPECT_FALSE(read_frozen_parts(parts, kNumLayers).has_embeddings);
    EXPECT_THAT(read_frozen_parts(parts, kNumLayers).layers, IsEmpty());
  }
}

TEST(FrozenParts, ALayerThatDoesNotExistIsNamedWithThoseThatDo) {
  EXPECT_EQ(message("layers.11"),
            "model.freeze: there is no layer 11, the model has layers 0 to 10: layers.11");
  EXPECT_THAT(message("embeddings,layers.9-12"), HasSubstr("no layer 12"));
}

TEST(FrozenParts, ARangeFromAboveIsRefused) {
  EXPECT_THAT(message("layers.5-3"), HasSubstr("first layer of a range is its lowest: layers.5-3"));
}

TEST(FrozenParts, OtherPartsAreRefused) {
  for (const char* part : {"pooler", "layers", "layers.", "layers.x", "layers.1-", "layers.-1",
                           "layers.1-2-3", "layers.0x1", "layers.99999999999999999999",
                           "embeddings,", ",", "Embeddings", "layers. 1"}) {
    EXPECT_THAT(message(part),
                HasSubstr("model.freeze is a list of embeddings, layers.N and layers.N-M"))
        << part;
  }
}

}  // namespace
}  // namespace sbert
