#include "sbert/optim/ema.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "sbert/base/error.h"
#include "sbert/nn/named_tensor.h"

namespace sbert {
namespace {

using testing::HasSubstr;

NamedTensors parameters() {
  return {{"weight", at::full({2, 3}, 8.0F).requires_grad_(true)},
          {"bias", at::full({2}, -4.0F).requires_grad_(true)}};
}

void set(const NamedTensor& parameter, double value) {
  parameter.tensor.detach().fill_(value);
}
float value_of(const NamedTensor& parameter) {
  return parameter.tensor.detach().flatten()[0].item<float>();
}

TEST(ExponentialMovingAverage, FollowsTheParametersByHand) {
  const NamedTensors tensors = parameters();
  ExponentialMovingAverage average(tensors, 0.75);
  set(tensors[0], 16);
  average.update();  // 0.75 * 8 + 0.25 * 16
  EXPECT_EQ(value_of(average.state()[0]), 10);
  set(tensors[0], 2);
  average.update();  // 0.75 * 10 + 0.25 * 2
  EXPECT_EQ(value_of(average.state()[0]), 8);
  EXPECT_EQ(value_of(average.state()[1]), -4);
  EXPECT_EQ(average.state()[0].name, "ema.weight");
  EXPECT_EQ(value_of(tensors[0]), 2);
}

TEST(ExponentialMovingAverage, SwapsInPlaceAndBackToTheBit) {
  NamedTensors tensors{{"weight", at::randn({50})}};
  const Tensor before = tensors[0].tensor.clone();
  ExponentialMovingAverage average(tensors, 0.9);
  set(tensors[0], 3);
  {
    const WithAverages with_averages(average);
    EXPECT_TRUE(tensors[0].tensor.equal(before));
    EXPECT_THROW(average.update(), Error);
    EXPECT_THROW(average.state(), Error);
  }
  EXPECT_TRUE(tensors[0].tensor.equal(at::full({50}, 3.0F)));
  EXPECT_TRUE(average.state()[0].tensor.equal(before));
}

TEST(ExponentialMovingAverage, GoesOnExactlyFromItsState) {
  const auto run = [](bool stops) {
    const NamedTensors tensors = parameters();
    ExponentialMovingAverage average(tensors, 0.999);
    for (int step = 0; step < 6; ++step) {
      if (stops && step == 3) {
        ExponentialMovingAverage resumed(tensors, 0.999);
        for (std::size_t i = 0; i < tensors.size(); ++i)
          resumed.state()[i].tensor.copy_(average.state()[i].tensor);
        for (; step < 6; ++step) {
          set(tensors[0], 1.0 / (step + 3));
          resumed.update();
        }
        return resumed.state()[0].tensor.clone();
      }
      set(tensors[0], 1.0 / (step + 3));
      average.update();
    }
    return average.state()[0].tensor.clone();
  };
  EXPECT_TRUE(run(true).equal(run(false)));
}

TEST(EmaOptions, EachKeyOutOfRangeIsNamed) {
  const auto message = [](const EmaOptions& options) -> std::string {
    try {
      options.validate();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message({}), "");
  EXPECT_EQ(message({.decay = 1}), "");
  EXPECT_THAT(message({.decay = 1.5}), HasSubstr("ema.decay must be from 0 to 1: 1.5"));
  EXPECT_THAT(message({.decay = -0.1}), HasSubstr("ema.decay"));
  EXPECT_THAT(message({.decay = std::nan("")}), HasSubstr("ema.decay"));
  EXPECT_THAT(message({.every_n_steps = 0}), HasSubstr("ema.every_n_steps must be at least 1: 0"));
}

}  // namespace
}  // namespace sbert
