#include "sbert/nn/tiled_linear.h"

#include <gtest/gtest.h>

#include <ATen/ATen.h>

namespace sbert {
namespace {

class TiledLinear : public testing::Test {
 protected:
  void SetUp() override {
    if (!prefers_tiles(x_)) GTEST_SKIP() << "this processor has no tiles";
  }

  // Of a loss that gives each output a weight of its own.
  template <typename Linear>
  void differentiate(const Linear& linear, at::ScalarType type) {
    for (Tensor* each : {&x_, &weight_, &bias_})
      *each = each->detach().to(type).requires_grad_(each->requires_grad());
    output_ = linear(x_, weight_, bias_);
    output_.backward(output_weights_.to(type));
  }

  Tensor x_ = at::randn({700, 50}).requires_grad_(true);
  Tensor weight_ = at::randn({70, 50}).requires_grad_(true);
  Tensor bias_ = at::randn({70}).requires_grad_(true);
  Tensor output_weights_ = at::randn({700, 70});
  Tensor output_;
};

double relative_difference(const Tensor& a, const Tensor& b) {
  return ((a.to(at::kDouble) - b).norm() / b.norm()).item<double>();
}

TEST_F(TiledLinear, OutputAndGradientsAreThoseOfDouble) {
  differentiate(tiled_linear, at::kFloat);
  const Tensor output = output_;
  const Tensor gradients[] = {x_.grad(), weight_.grad(), bias_.grad()};
  differentiate(
      [](const Tensor& x, const Tensor& w, const Tensor& b) { return at::linear(x, w, b); },
      at::kDouble);
  EXPECT_LT(relative_difference(output, output_), 3e-7);
  EXPECT_LT(relative_difference(gradients[0], x_.grad()), 3e-7);
  EXPECT_LT(relative_difference(gradients[1], weight_.grad()), 3e-7);
  EXPECT_LT(relative_difference(gradients[2], bias_.grad()), 3e-7);
}

// As those below LoRA adapters.
TEST_F(TiledLinear, AFrozenWeightGetsNoGradientAndItsInputStillDoes) {
  weight_.requires_grad_(false);
  bias_.requires_grad_(false);
  differentiate(tiled_linear, at::kFloat);
  EXPECT_FALSE(weight_.grad().defined());
  EXPECT_FALSE(bias_.grad().defined());
  EXPECT_TRUE(x_.grad().defined());
}

TEST_F(TiledLinear, OfFewRowsTheOperatorIsTheFasterWay) {
  EXPECT_FALSE(prefers_tiles(x_.slice(0, 0, 20)));
  EXPECT_FALSE(prefers_tiles(x_.to(at::kDouble)));
}

}  // namespace
}  // namespace sbert
