#include "sbert/train/gradient_buckets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "sbert/dist/buckets.h"
#include "sbert/dist/shares.h"
#include "tests/support/on_each_rank.h"

namespace sbert {
namespace {

using testing::ElementsAre;

constexpr std::int64_t kOneEach = 1;  // bytes: each parameter has a bucket of its own

Tensor leaf(double value) {
  return at::full({4}, value, at::kFloat).requires_grad_(true);
}

NamedTensors leaves(int count) {
  NamedTensors result;
  for (int i = 0; i < count; ++i)
    result.push_back({std::to_string(i), leaf(1)});
  return result;
}

// A network in which each parameter multiplies: the gradient of each is `input` if all are 1.
void pass(const NamedTensors& parameters, double input) {
  Tensor output = at::full({4}, input, at::kFloat);
  for (const NamedTensor& each : parameters)
    output = output * each.tensor;
  torch::autograd::backward({output.sum()});
}

// Of two processes, of which the other has no gradients: it notes what is sent.
class NotingGroup final : public ProcessGroup {
 public:
  struct Done final : PendingSum {
    void wait() override {}
  };
  int rank() const override { return 0; }
  int size() const override { return 2; }
  std::unique_ptr<PendingSum> begin_sum(std::vector<Tensor> tensors) override {
    sent.push_back(static_cast<int>(tensors.size()));
    return std::make_unique<Done>();
  }
  std::unique_ptr<PendingShares> begin_sum_of_shares(const std::vector<Tensor>&) override {
    return nullptr;
  }
  void broadcast(const std::vector<Tensor>&) override {}
  std::vector<Tensor> gather(const Tensor& part, const std::vector<std::int64_t>&) override {
    return {part};
  }
  void tell_failure(ErrorKind, const std::string&) override {}
  Traffic traffic() const override { return {}; }

  std::vector<int> sent;  // tensors of each message
};

void expect_gradients(const NamedTensors& tensors, std::int64_t count, double expected) {
  for (const NamedTensor& each : tensors) {
    EXPECT_EQ(each.tensor.grad().numel(), count);
    EXPECT_TRUE(each.tensor.grad().eq(expected).all().item<bool>());
  }
}

void expect_no_gradients(const NamedTensors& tensors) {
  for (const NamedTensor& each : tensors)
    EXPECT_FALSE(each.tensor.grad().defined());
}

TEST(GradientBuckets, AddUpPassesWorkersAndProcessesHoweverLargeTheBucketsAre) {
  for (const std::int64_t bytes : {1, 40, 1000}) {
    on_each_rank(3, [&](ProcessGroup& group) {
      const NamedTensors parameters = leaves(5);
      const std::vector<NamedTensors> workers{leaves(5), leaves(5)};
      GradientBuckets buckets(parameters, workers, group, bytes);
      for (int update = 1; update <= 2; ++update) {
        pass(workers[0], 1);
        pass(workers[1], 10);
        buckets.expect_last(2);
        pass(workers[0], 100 * group.rank());
        pass(workers[1], 1000 * update);
        buckets.finish();
        // Of three processes: the ranks add up to 3.
        expect_gradients(parameters, 4, 33 + 300 + 3000 * update);
        expect_no_gradients(workers[0]);
      }
    });
  }
}

TEST(GradientBuckets, OfPartsGiveEachProcessTheSumsOfItsOwn) {
  for (const std::int64_t bytes : {1, 40, 1000}) {
    on_each_rank(3, [&](ProcessGroup& group) {
      const NamedTensors parameters = leaves(5);
      const std::vector<NamedTensors> workers{leaves(5), leaves(5)};
      NamedTensors parts;  // of 4 elements: 2, 2 and none
      for (const NamedTensor& each : parameters)
        parts.push_back({each.name, elements(each.tensor, share(4, group.rank(), 3))});
      GradientBuckets buckets(parameters, workers, group, bytes, parts);
      for (int update = 1; update <= 2; ++update) {
        pass(workers[0], 1);
        buckets.expect_last(2);
        pass(workers[0], 10 * group.rank());
        pass(workers[1], 100 * update);
        buckets.finish();
        expect_gradients(parts, group.rank() < 2 ? 2 : 0, 3 + 30 + 300 * update);
        expect_no_gradients(parameters);
      }
    });
  }
}

TEST(GradientBuckets, AreSentFromTheLastParameterOnWhileTheLastPassGoesOn) {
  NotingGroup group;
  const std::vector<NamedTensors> workers{leaves(3)};
  GradientBuckets buckets(leaves(3), workers, group, kOneEach);
  std::vector<std::size_t> sent_before;  // each parameter's gradient, from the last on
  for (const NamedTensor& each : workers[0]) {
    each.tensor.register_hook([&](const Tensor&) { sent_before.push_back(group.sent.size()); });
  }
  pass(workers[0], 1);
  EXPECT_THAT(group.sent, ElementsAre()) << "another pass is to come";
  sent_before.clear();
  buckets.expect_last(1);
  pass(workers[0], 1);
  EXPECT_THAT(sent_before, ElementsAre(0, 1, 2));
  EXPECT_THAT(group.sent, ElementsAre(1, 1, 1));
  buckets.finish();
  EXPECT_EQ(group.sent.size(), 3U);
}

TEST(GradientBuckets, WaitForTheLastPassOfEachWorker) {
  NotingGroup group;
  const NamedTensors parameters = leaves(2);
  const std::vector<NamedTensors> workers{leaves(2), leaves(2), leaves(2)};
  GradientBuckets buckets(parameters, workers, group, kOneEach);
  pass(workers[2], 5);  // its only one: the last micro batch is too small for three
  buckets.expect_last(2);
  pass(workers[0], 1);
  EXPECT_THAT(group.sent, ElementsAre());
  pass(workers[1], 1);
  EXPECT_THAT(group.sent, ElementsAre(1, 1));
  buckets.finish();
  EXPECT_TRUE(parameters[0].tensor.grad().eq(7).all().item<bool>());
}

TEST(GradientBuckets, WithoutAGradientAProcessSendsZeros) {
  on_each_rank(2, [&](ProcessGroup& group) {
    const NamedTensors parameters = leaves(2);
    const std::vector<NamedTensors> workers{leaves(2)};
    GradientBuckets buckets(parameters, workers, group, kOneEach);
    buckets.expect_last(1);
    if (group.is_leader()) pass({workers[0][1]}, 3);  // the first parameter has none anywhere
    buckets.finish();
    EXPECT_TRUE(parameters[1].tensor.grad().eq(3).all().item<bool>());
    EXPECT_TRUE(parameters[0].tensor.grad().eq(0).all().item<bool>());
  });
}

TEST(GradientBuckets, OfOneProcessAreTheSumOfItsWorkersInOrder) {
  const NamedTensors parameters = leaves(2);
  const std::vector<NamedTensors> workers{leaves(2), leaves(2), leaves(2)};
  GradientBuckets buckets(parameters, workers, alone(), kBucketBytes);
  const std::vector<double> inputs{0.1, 1e8, -1e8};  // another order would round otherwise
  for (std::size_t w = 0; w < 3; ++w)
    pass({workers[w][1]}, inputs[w]);
  buckets.finish();
  EXPECT_EQ(parameters[1].tensor.grad()[0].item<float>(), (0.1F + 1e8F) - 1e8F);
  EXPECT_FALSE(parameters[0].tensor.grad().defined());
}

TEST(GradientBuckets, AddUpBetweenPassesFreesTheWorkersAndChangesNoSum) {
  const NamedTensors parameters = leaves(2);
  const std::vector<NamedTensors> workers{leaves(2), leaves(2)};
  GradientBuckets buckets(parameters, workers, alone(), kBucketBytes);
  for (int update = 1; update <= 2; ++update) {
    pass(workers[0], 1);
    pass(workers[1], 10);
    buckets.add_up();
    for (const NamedTensors& worker : workers)
      EXPECT_FALSE(worker[0].tensor.grad().defined());
    buckets.expect_last(1);
    pass(workers[0], 100 * update);
    buckets.finish();
    EXPECT_TRUE(parameters[0].tensor.grad().eq(11 + 100 * update).all().item<bool>());
  }
}

// As those of word embeddings on the CPU: rows of the tokens that occur, one of them twice here.
TEST(GradientBuckets, GradientsOfRowsBecomeWholeSums) {
  const auto table = [] { return at::zeros({5, 2}).requires_grad_(true); };
  const NamedTensors parameters{{"words", table()}};
  const std::vector<NamedTensors> workers{{{"words", table()}}, {{"words", table()}}};
  const auto look_up = [](const NamedTensors& worker, const std::vector<std::int64_t>& rows) {
    at::embedding(worker[0].tensor, at::tensor(rows), /*padding_idx=*/-1,
                  /*scale_grad_by_freq=*/false, /*sparse=*/true)
        .sum()
        .backward();
  };
  GradientBuckets buckets(parameters, workers, alone(), kBucketBytes);
  look_up(workers[0], {3, 3});
  look_up(workers[1], {0, 3});
  buckets.add_up();
  look_up(workers[1], {4});
  buckets.finish();
  const Tensor& sum = parameters[0].tensor.grad();
  EXPECT_TRUE(sum.equal(at::tensor({1.0F, 0.0F, 0.0F, 3.0F, 1.0F}).unsqueeze(1).expand({5, 2})));
  look_up(workers[0], {1});
  buckets.finish();
  EXPECT_TRUE(sum.equal(at::tensor({0.0F, 1.0F, 0.0F, 0.0F, 0.0F}).unsqueeze(1).expand({5, 2})))
      << "rows of the update before are gone";
}

}  // namespace
}  // namespace sbert
