#include "sbert/optim/distributed_adamw.h"

#include <algorithm>
#include <cmath>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "sbert/base/error.h"
#include "sbert/dist/shares.h"
#include "sbert/nn/named_tensor.h"
#include "sbert/optim/loss_scaler.h"
#include "tests/support/on_each_rank.h"

namespace sbert {
namespace {

// Sizes that no number of processes divides, a number on its own, and more than a bucket.
NamedTensors parameters() {
  const auto values = [](std::vector<std::int64_t> shape, std::uint64_t seed) {
    return at::randn(shape, at::detail::createCPUGenerator(seed)).requires_grad_(true);
  };
  return {{"word_embeddings.weight", values({3000, 2500}, 1)},
          {"dense.weight", values({7, 5}, 2)},
          {"dense.bias", values({7}, 3)},
          {"log_scale", values({}, 4)}};
}

void set_gradients(const NamedTensors& parameters, int step) {
  for (const NamedTensor& each : parameters)
    each.tensor.mutable_grad() = each.tensor.detach() * 0.1 + step;
}

std::vector<ParameterSetting> settings() {
  return {{1, true}, {0.5, true}, {1, false}, {1, false}};
}

struct Outcome {
  NamedTensors values;
  NamedTensors state;
};

NamedTensors copies(const NamedTensors& tensors) {
  NamedTensors result;
  for (const NamedTensor& each : tensors)
    result.push_back({each.name, each.tensor.detach().clone()});
  std::ranges::sort(result, {}, &NamedTensor::name);
  return result;
}

Outcome reference(int steps) {
  const NamedTensors whole = parameters();
  AdamW optimizer(whole, settings(), {});
  for (int step = 0; step < steps; ++step) {
    set_gradients(whole, step);
    optimizer.step(0.01);
  }
  return {copies(whole), copies(optimizer.state())};
}

// Resumes from a state, if there is one, and trains up to that many steps.
Outcome run_on(int processes, int steps, const Outcome& from = {}) {
  Outcome result;
  on_each_rank(processes, [&](ProcessGroup& connected) {
    ProcessGroup& group = processes == 1 ? alone() : connected;
    NamedTensors whole = parameters();
    DistributedAdamW optimizer(whole, settings(), {}, group);
    int step = 0;
    if (!from.state.empty()) {
      std::ranges::sort(whole, {}, &NamedTensor::name);
      for (std::size_t i = 0; i < whole.size(); ++i)
        whole[i].tensor.detach().copy_(from.values[i].tensor);
      step = 2;
      optimizer.resume(group.is_leader() ? from.state : NamedTensors{}, step);
    }
    for (; step < steps; ++step) {
      set_gradients(whole, step);
      optimizer.step(0.01);
      optimizer.zero_grad();
      for (const NamedTensor& each : whole)
        EXPECT_FALSE(each.tensor.grad().defined());
    }
    EXPECT_EQ(optimizer.step_count(), steps);
    const NamedTensors state = optimizer.state();
    EXPECT_EQ(state.empty(), !group.is_leader());
    if (group.rank() == group.size() - 1) result.values = copies(whole);
    if (group.is_leader()) result.state = copies(state);
  });
  return result;
}

void expect_near(const NamedTensors& found, const NamedTensors& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].name, expected[i].name);
    // The kernel rounds the ends of a range in another way than its middle.
    EXPECT_TRUE(found[i].tensor.allclose(expected[i].tensor, 1e-5, 1e-7)) << found[i].name;
  }
}

TEST(DistributedAdamW, OnAnyNumberOfProcessesIsAdamW) {
  const Outcome whole = reference(3);
  for (const int processes : {1, 2, 4}) {
    const Outcome found = run_on(processes, 3);
    expect_near(found.values, whole.values);
    expect_near(found.state, whole.state);
  }
}

TEST(DistributedAdamW, GoesOnFromTheStateOfAnotherNumberOfProcesses) {
  const Outcome whole = reference(4);
  for (const auto& [first, second] : std::vector<std::pair<int, int>>{{4, 2}, {1, 3}, {3, 1}}) {
    const Outcome found = run_on(second, 4, run_on(first, 2));
    expect_near(found.values, whole.values);
    expect_near(found.state, whole.state);
  }
}

TEST(DistributedAdamW, EachProcessKeepsItsShareOfTheAverages) {
  const auto count = [](const DistributedAdamW& optimizer) {
    std::int64_t elements = 0;
    for (const NamedTensor& each : optimizer.parts())
      elements += each.tensor.numel();
    return elements;
  };
  std::int64_t total = 0;
  std::int64_t most = 0;
  std::mutex mutex;
  on_each_rank(4, [&](ProcessGroup& group) {
    const DistributedAdamW optimizer(parameters(), settings(), {}, group);
    EXPECT_TRUE(optimizer.is_sharded());
    const std::lock_guard lock(mutex);
    total += count(optimizer);
    most = std::max(most, count(optimizer));
  });
  const DistributedAdamW whole(parameters(), settings(), {}, alone());
  EXPECT_FALSE(whole.is_sharded());
  EXPECT_EQ(count(whole), 3000 * 2500 + 35 + 7 + 1);
  EXPECT_EQ(total, count(whole));
  EXPECT_LE(most, count(whole) / 4 + 4);
}

TEST(DistributedAdamW, GradientsOfPartsAreClippedAndCheckedAsWholeOnes) {
  constexpr double kRounding = 1e-5;  // of the norm of 7.5 million numbers in float32
  const NamedTensors whole = parameters();
  set_gradients(whole, 1);
  const double norm = clip_gradients(whole, 0.5);
  for (const int processes : {2, 3}) {
    on_each_rank(processes, [&](ProcessGroup& group) {
      DistributedAdamW optimizer(parameters(), settings(), {}, group);
      for (std::size_t i = 0; i < whole.size(); ++i) {
        const Tensor gradient = whole[i].tensor.detach() * 0.1 + 1;
        optimizer.parts()[i].tensor.mutable_grad() =
            elements(gradient, share(gradient.numel(), group.rank(), processes));
      }
      LossScaler scaler({.initial_scale = 1});
      EXPECT_TRUE(scaler.unscale_and_check(optimizer.parts(), group));
      EXPECT_NEAR(clip_gradients(optimizer.parts(), 0.5, group), norm, kRounding * norm);
      for (std::size_t i = 0; i < whole.size(); ++i) {
        const Range own = share(whole[i].tensor.numel(), group.rank(), processes);
        const Tensor& found = optimizer.parts()[i].tensor.grad();
        EXPECT_TRUE(found.allclose(elements(whole[i].tensor.grad(), own), kRounding, 0));
      }
      // One process alone has what is not finite; all have to know.
      if (group.rank() == 1) optimizer.parts()[0].tensor.mutable_grad().fill_(INFINITY);
      EXPECT_FALSE(scaler.unscale_and_check(optimizer.parts(), group));
      EXPECT_FALSE(std::isfinite(clip_gradients(optimizer.parts(), 0.5, group)));
    });
  }
}

TEST(DistributedAdamW, AMissingGradientIsRefused) {
  DistributedAdamW optimizer(parameters(), settings(), {}, alone());
  EXPECT_THROW(optimizer.step(0.1), Error);
}

}  // namespace
}  // namespace sbert
