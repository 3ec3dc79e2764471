#include "sbert/checkpoint/encoder_weights.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "sbert/base/concat.h"
#include "sbert/checkpoint/test_files.h"
#include "sbert/model/parameter_specs.h"
#include "tests/support/small_encoder.h"

namespace sbert {
namespace {

using ::testing::HasSubstr;

class ArrangeWeights : public ::testing::Test {
 protected:
  Weights arrange(Weights found) { return arrange_weights(spec_, std::move(found), pool_); }
  std::string refusal(const std::function<void(Weights&)>& change) {
    Weights found = weights_;
    change(found);
    return input_error([&] { arrange(std::move(found)); });
  }
  std::string warnings_of(Weights found) {
    set_quiet(true);
    testing::internal::CaptureStderr();
    arrange(std::move(found));
    return testing::internal::GetCapturedStderr();
  }

  WorkerPool pool_{2};
  EncoderSpec spec_ = small_spec();
  Weights weights_ = random_weights(spec_);
};

TEST_F(ArrangeWeights, PutsThemIntoTheOrderOfTheNetwork) {
  Weights found = weights_;
  std::ranges::reverse(found);
  const Weights arranged = arrange(std::move(found));
  ASSERT_EQ(arranged.size(), weights_.size());
  for (std::size_t i = 0; i < arranged.size(); ++i) {
    EXPECT_EQ(arranged[i].name, weights_[i].name);
    EXPECT_EQ(arranged[i].bytes.data(), weights_[i].bytes.data()) << "no copy";
  }
}

TEST_F(ArrangeWeights, KeepsFloatingPointTypes) {
  const ElementType types[] = {ElementType::kFloat64, ElementType::kFloat16,
                               ElementType::kBFloat16};
  for (std::size_t i = 0; i < 3; ++i)
    weights_[i] = WeightBuffer(weights_[i].name, types[i], weights_[i].shape).take();
  const Weights arranged = arrange(weights_);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(arranged[i].type, types[i]);
}

TEST_F(ArrangeWeights, SaysAllThatIsWrongAtOnce) {
  const std::string message = refusal([](Weights& found) {
    found[0] = make_weight(found[0].name, {2, 3}, counted(6));
    found[4] = WeightBuffer(found[4].name, ElementType::kInt32, found[4].shape).take();
    found[5].name = "head.weight";
    found.push_back(make_weight("b", {1}, {0}));
  });
  EXPECT_EQ(message,
            "tensors are missing: encoder.layer.0.attention.self.query.weight; tensors do not fit: "
            "embeddings.word_embeddings.weight (expected [50, 24], found [2, 3]), "
            "embeddings.LayerNorm.bias (its type is int32); "
            "tensors have no place in this encoder: b, head.weight");
}

TEST_F(ArrangeWeights, NamesTwentyOfMany) {
  const std::string message = refusal([](Weights& found) {
    for (Weight& each : found)
      each.name = concat("x.", each.name);
  });
  EXPECT_THAT(message, HasSubstr(concat(" and ", weights_.size() - 20, " more; tensors have no")));
}

TEST_F(ArrangeWeights, RefusesAConfigurationFarLargerThanTheWeights) {
  spec_.embeddings.vocab_size = 9'000'000;
  EXPECT_THAT(input_error([&] { arrange(weights_); }),
              HasSubstr("the configuration describes an encoder of 2160"));
  spec_.embeddings.vocab_size = 0;
  EXPECT_THAT(input_error([&] { arrange(weights_); }),
              HasSubstr("embeddings.vocab_size must be from 1"));
}

TEST_F(ArrangeWeights, WarnsOfNaNAndInfinityOfEveryType) {
  EXPECT_EQ(warnings_of(weights_), "");
  const auto filled = [&](std::size_t i, ElementType type, std::string_view last) {
    WeightBuffer buffer(weights_[i].name, type, weights_[i].shape);
    std::ranges::copy(last, buffer.bytes() + *tensor_bytes(weights_[i].shape, type) - last.size());
    weights_[i] = std::move(buffer).take();
  };
  constexpr std::string_view kLargeDouble("\0\0\0\0\0\0\x30\x7e", 8);  // not in float32
  filled(0, ElementType::kFloat64, kLargeDouble);
  filled(1, ElementType::kFloat16, std::string_view("\0\x7c", 2));
  filled(2, ElementType::kBFloat16, std::string_view("\xc0\x7f", 2));
  filled(3, ElementType::kFloat32, std::string_view("\0\0\x80\xff", 4));
  filled(4, ElementType::kFloat64, std::string_view("\0\0\0\0\0\0\xf0\x3f", 8));
  EXPECT_THAT(
      warnings_of(weights_),
      HasSubstr(concat("weights hold NaN or infinity: ", weights_[0].name, ", ", weights_[1].name,
                       ", ", weights_[2].name, ", ", weights_[3].name, "\n")));
}

}  // namespace
}  // namespace sbert
