#include "sbert/optim/adamw.h"

#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "sbert/base/error.h"
#include "sbert/nn/named_tensor.h"

namespace sbert {
namespace {

// The definition of AdamW in float64, one parameter after the other.
struct ReferenceAdamW {
  AdamWOptions options;
  std::map<std::string, Tensor> values, first, second;

  void step(const std::string& name, const Tensor& gradient, double lr, int count, bool decay) {
    Tensor& value = values[name];
    Tensor& m = first.try_emplace(name, at::zeros_like(value)).first->second;
    Tensor& v = second.try_emplace(name, at::zeros_like(value)).first->second;
    if (decay) value = value * (1 - lr * options.weight_decay);
    m = options.beta1 * m + (1 - options.beta1) * gradient;
    v = options.beta2 * v + (1 - options.beta2) * gradient * gradient;
    const Tensor m_hat = m / (1 - std::pow(options.beta1, count));
    const Tensor v_hat = v / (1 - std::pow(options.beta2, count));
    value = value - lr * m_hat / (v_hat.sqrt() + options.epsilon);
  }
};

NamedTensors parameters() {
  at::manual_seed(1);
  return {{"encoder.layer.0.output.dense.weight", at::randn({7, 5}).requires_grad_(true)},
          {"encoder.layer.0.output.dense.bias", at::randn({7}).requires_grad_(true)},
          {"encoder.layer.0.output.LayerNorm.weight", at::randn({7}).requires_grad_(true)}};
}

// Of the weight, the bias and the norm's weight.
const std::vector<ParameterSetting> kUsual{{1, true}, {1, false}, {1, false}};

TEST(AdamW, EqualsItsDefinitionAndDecaysOnlyWeights) {
  const NamedTensors tensors = parameters();
  ReferenceAdamW reference{
      .options = {.weight_decay = 0.1}, .values = {}, .first = {}, .second = {}};
  for (const auto& p : tensors)
    reference.values[p.name] = p.tensor.detach().to(at::kDouble).clone();
  AdamW optimizer(tensors, kUsual, reference.options);
  for (int count = 1; count <= 5; ++count) {
    const double lr = 0.01 * count;
    for (const auto& p : tensors) {
      p.tensor.mutable_grad() = at::randn_like(p.tensor.detach());
      reference.step(p.name, p.tensor.grad().to(at::kDouble), lr, count, p.name == tensors[0].name);
    }
    optimizer.step(lr);
  }
  for (const auto& p : tensors) {
    EXPECT_LT((p.tensor.detach() - reference.values[p.name]).abs().max().item<double>(), 1e-6)
        << p.name;
  }
}

TEST(AdamW, GoesOnExactlyFromItsState) {
  const auto run = [](int stop_after) {
    NamedTensors tensors = parameters();
    AdamW optimizer(tensors, kUsual, {});
    for (int i = 0; i < 4; ++i) {
      if (i == stop_after) {  // into a new optimizer, as a resumed run does
        AdamW resumed(tensors, kUsual, {});
        const NamedTensors from = optimizer.state();
        const NamedTensors to = resumed.state();
        for (std::size_t j = 0; j < from.size(); ++j)
          to[j].tensor.copy_(from[j].tensor);
        resumed.set_step_count(optimizer.step_count());
        std::destroy_at(&optimizer);
        std::construct_at(&optimizer, std::move(resumed));
      }
      for (const auto& p : tensors)
        p.tensor.mutable_grad() = p.tensor.detach() * 0.5;
      optimizer.step(0.1);
    }
    return tensors[0].tensor.detach().clone();
  };
  EXPECT_TRUE(run(2).equal(run(-1)));
}

TEST(AdamW, SettingsScaleTheRateAndChooseTheDecay) {
  const NamedTensors tensors = parameters();
  ReferenceAdamW reference{
      .options = {.weight_decay = 0.1}, .values = {}, .first = {}, .second = {}};
  for (const auto& p : tensors)
    reference.values[p.name] = p.tensor.detach().to(at::kDouble).clone();
  const std::vector<ParameterSetting> settings{{0.5, false}, {1, true}, {0.25, true}};
  AdamW optimizer(tensors, settings, reference.options);
  for (int count = 1; count <= 3; ++count) {
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      const Tensor& value = tensors[i].tensor;
      value.mutable_grad() = at::randn_like(value.detach());
      reference.step(tensors[i].name, value.grad().to(at::kDouble), 0.01 * settings[i].lr_scale,
                     count, settings[i].is_decayed);
    }
    optimizer.step(0.01);
  }
  for (const auto& p : tensors) {
    EXPECT_LT((p.tensor.detach() - reference.values[p.name]).abs().max().item<double>(), 1e-6)
        << p.name;
  }
}

TEST(AdamW, EachParameterNeedsASetting) {
  EXPECT_THROW(AdamW(parameters(), {{1, true}}, {}), Error);
}

TEST(AdamW, AMissingGradientIsRefused) {
  AdamW optimizer(parameters(), kUsual, {});
  EXPECT_THROW(optimizer.step(0.1), Error);
}

TEST(ClipGradients, ScalesTheCommonNormAndReturnsTheOneBefore) {
  const NamedTensors tensors = parameters();
  for (const auto& p : tensors)
    p.tensor.mutable_grad() = at::full_like(p.tensor.detach(), 2);
  const double before = std::sqrt(4.0 * (35 + 7 + 7));
  EXPECT_NEAR(clip_gradients(tensors, 1.0), before, 1e-5);
  EXPECT_NEAR(tensors[1].tensor.grad()[0].item<double>(), 2 / (before + 1e-6), 1e-7);
  EXPECT_NEAR(clip_gradients(tensors, 1.0), 1.0, 1e-5);
}

TEST(ClipGradients, AParameterWithoutAGradientTakesNoPart) {
  const NamedTensors tensors = parameters();
  EXPECT_EQ(clip_gradients(tensors, 1.0), 0);
  tensors[1].tensor.mutable_grad() = at::full({7}, 2.0F);
  EXPECT_NEAR(clip_gradients(tensors, 1.0), std::sqrt(4.0 * 7), 1e-5);
  EXPECT_NEAR(tensors[1].tensor.grad().norm().item<double>(), 1.0, 1e-5);
  EXPECT_FALSE(tensors[0].tensor.grad().defined());
}

TEST(ClipGradients, SmallGradientsAndNoLimitChangeNothing) {
  const NamedTensors tensors = parameters();
  for (const auto& p : tensors)
    p.tensor.mutable_grad() = at::full_like(p.tensor.detach(), 0.01);
  clip_gradients(tensors, 1.0);
  EXPECT_EQ(tensors[0].tensor.grad()[0][0].item<float>(), 0.01F);
  for (const auto& p : tensors)
    p.tensor.mutable_grad() = at::full_like(p.tensor.detach(), 100);
  clip_gradients(tensors, 0);
  EXPECT_EQ(tensors[0].tensor.grad()[0][0].item<float>(), 100.0F);
}

}  // namespace
}  // namespace sbert
