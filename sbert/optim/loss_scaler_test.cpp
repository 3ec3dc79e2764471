#include "sbert/optim/loss_scaler.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "sbert/nn/named_tensor.h"

namespace sbert {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

NamedTensors with_gradient(double gradient) {
  Tensor value = at::zeros({3}).requires_grad_(true);
  value.mutable_grad() = at::full({3}, gradient, at::kFloat);
  return {{"weight", value}, {"without", at::zeros({2})}};
}

// One step of training whose scaled gradient is this.
bool step(LossScaler& scaler, double scaled_gradient) {
  const bool is_finite = scaler.unscale_and_check(with_gradient(scaled_gradient));
  scaler.update();
  return is_finite;
}

TEST(LossScaler, BeginsWithNemosScale) {
  EXPECT_EQ(LossScaler().scale(), std::pow(2.0, 32));
}

TEST(LossScaler, DividesTheGradients) {
  LossScaler scaler({.initial_scale = 1'024});
  const NamedTensors parameters = with_gradient(2'048);
  EXPECT_TRUE(scaler.unscale_and_check(parameters));
  EXPECT_TRUE(parameters[0].tensor.grad().equal(at::full({3}, 2.0F)));
}

TEST(LossScaler, HalvesAtEachOverflow) {
  LossScaler scaler;
  EXPECT_FALSE(step(scaler, kInfinity));
  EXPECT_EQ(scaler.scale(), std::pow(2.0, 31));
  EXPECT_FALSE(step(scaler, std::nan("")));
  EXPECT_EQ(scaler.scale(), std::pow(2.0, 30));
  EXPECT_TRUE(step(scaler, 1));
  EXPECT_EQ(scaler.scale(), std::pow(2.0, 30));
}

TEST(LossScaler, DoublesAfterAThousandStepsInARow) {
  LossScaler scaler({.initial_scale = 8});
  for (int i = 0; i < 999; ++i)
    step(scaler, 1);
  EXPECT_EQ(scaler.scale(), 8);
  step(scaler, kInfinity);
  EXPECT_EQ(scaler.scale(), 4);
  for (int i = 0; i < 999; ++i)
    step(scaler, 1);
  EXPECT_EQ(scaler.scale(), 4);
  step(scaler, 1);
  EXPECT_EQ(scaler.scale(), 8);
}

TEST(LossScaler, HysteresisBearsWithOverflowsAndIsRestoredByAGoodStep) {
  LossScaler scaler({.initial_scale = 64, .hysteresis = 2});
  step(scaler, kInfinity);
  EXPECT_EQ(scaler.scale(), 64);
  step(scaler, kInfinity);
  EXPECT_EQ(scaler.scale(), 32);
  step(scaler, kInfinity);
  EXPECT_EQ(scaler.scale(), 16);
  step(scaler, 1);
  step(scaler, kInfinity);
  EXPECT_EQ(scaler.scale(), 16);
}

TEST(LossScaler, StaysWithinFloat32) {
  LossScaler scaler({.initial_scale = std::pow(2.0, 127), .growth_interval = 1});
  step(scaler, 1);
  EXPECT_EQ(scaler.scale(), std::pow(2.0, 127));
  EXPECT_EQ(scaler.state().growth_tracker, 0);
}

TEST(LossScaler, AnOverflowInOneOfTwoPartsCounts) {
  LossScaler scaler({.initial_scale = 64});
  EXPECT_FALSE(scaler.unscale_and_check(with_gradient(kInfinity)));
  EXPECT_FALSE(scaler.unscale_and_check(with_gradient(1)));
  scaler.update();
  EXPECT_EQ(scaler.scale(), 32);
}

TEST(LossScaler, GoesOnFromItsState) {
  LossScaler scaler({.initial_scale = 8, .growth_interval = 3});
  step(scaler, 1);
  step(scaler, 1);
  LossScaler resumed({.initial_scale = 1, .growth_interval = 3});
  resumed.set_state(scaler.state());
  EXPECT_EQ(resumed.state(), scaler.state());
  step(resumed, 1);
  EXPECT_EQ(resumed.scale(), 16);
}

TEST(LossScaler, NoGradientIsNoOverflow) {
  LossScaler scaler;
  EXPECT_TRUE(scaler.unscale_and_check({}));
}

}  // namespace
}  // namespace sbert
