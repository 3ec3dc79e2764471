#include "sbert/train/gradient_buckets.h"

#include <utility>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include "sbert/dist/buckets.h"

namespace sbert {
namespace {

void add_to(Tensor& sum, const Tensor& gradient) {
  if (gradient.is_sparse()) {
    if (!sum.defined()) sum = at::zeros(gradient.sizes(), gradient.options().layout(at::kStrided));
    sum.index_add_(0, gradient._indices()[0], gradient._values());
  } else if (sum.defined()) {
    sum.add_(gradient);
  } else {
    sum = gradient;
  }
}

}  // namespace

struct GradientBuckets::Bucket {
  std::vector<std::size_t> parameters;  // their places
  std::size_t num_awaited = 0;          // gradients of last passes that are not there yet
  bool has_sums = false;                // of this update
  std::unique_ptr<PendingSum> sum{};    // under way, as is this:
  std::unique_ptr<PendingShares> shares{};
};

// Called by the backward pass when a leaf has its gradient.
struct GradientBuckets::Hook final : torch::autograd::PostAccumulateGradHook {
  Hook(GradientBuckets& buckets, std::size_t number) : owner(buckets), bucket(number) {}
  void operator()(const Tensor&) override { owner.note_gradient(bucket); }

  GradientBuckets& owner;
  std::size_t bucket;
};

GradientBuckets::GradientBuckets(NamedTensors parameters,
                                 std::vector<NamedTensors> copies,
                                 ProcessGroup& group,
                                 std::int64_t bucket_bytes,
                                 NamedTensors parts)
    : parameters_(std::move(parameters)),
      parts_(std::move(parts)),
      copies_(std::move(copies)),
      group_(group) {
  std::vector<Tensor> reversed;
  for (auto each = parameters_.rbegin(); each != parameters_.rend(); ++each)
    reversed.push_back(each->tensor);
  std::size_t place = 0;
  for (const std::size_t end : bucket_ends(reversed, bucket_bytes)) {
    Bucket& bucket = buckets_.emplace_back();
    for (; place < end; ++place)
      bucket.parameters.push_back(parameters_.size() - 1 - place);
  }
  if (group_.size() == 1) return;
  for (std::size_t b = 0; b < buckets_.size(); ++b) {
    for (const std::size_t i : buckets_[b].parameters) {
      for (const NamedTensors& copy : copies_) {
        torch::autograd::impl::set_post_acc_grad_hooks(copy[i].tensor,
                                                       std::make_unique<Hook>(*this, b));
      }
    }
  }
}

GradientBuckets::~GradientBuckets() {
  if (group_.size() == 1) return;
  for (const NamedTensors& copy : copies_) {
    for (const NamedTensor& each : copy)
      torch::autograd::impl::set_post_acc_grad_hooks(each.tensor, nullptr);
  }
}

void GradientBuckets::expect_last(std::size_t workers) {
  is_last_ = true;
  for (Bucket& bucket : buckets_)
    bucket.num_awaited = bucket.parameters.size() * workers;
}

void GradientBuckets::note_gradient(std::size_t bucket) {
  const std::lock_guard lock(mutex_);
  if (!is_last_) return;
  --buckets_[bucket].num_awaited;
  send_ready();
}

// All processes send in the same order, so a bucket waits for those before it.
void GradientBuckets::send_ready() {
  for (; num_sent_ < buckets_.size() && buckets_[num_sent_].num_awaited == 0; ++num_sent_) {
    Bucket& bucket = buckets_[num_sent_];
    add_up_workers(bucket);
    if (group_.size() > 1) send(bucket);
  }
}

void GradientBuckets::send(Bucket& bucket) {
  std::vector<Tensor> gradients;
  for (const std::size_t i : bucket.parameters) {
    const Tensor& parameter = parameters_[i].tensor;
    if (!parameter.grad().defined()) parameter.mutable_grad() = at::zeros_like(parameter);
    gradients.push_back(parameter.grad());
  }
  if (parts_.empty()) {
    bucket.sum = group_.begin_sum(std::move(gradients));
    return;
  }
  bucket.shares = group_.begin_sum_of_shares(gradients);
  for (const std::size_t i : bucket.parameters)
    parameters_[i].tensor.mutable_grad() = Tensor();
}

void GradientBuckets::receive(Bucket& bucket) {
  if (bucket.sum) bucket.sum->wait();
  bucket.sum.reset();
  if (!bucket.shares) return;
  const std::vector<Tensor> sums = bucket.shares->wait();
  bucket.shares.reset();
  for (std::size_t k = 0; k < sums.size(); ++k)
    parts_[bucket.parameters[k]].tensor.mutable_grad() = sums[k];
}

void GradientBuckets::add_up() {
  for (Bucket& bucket : buckets_)
    add_up_workers(bucket);
}

void GradientBuckets::add_up_workers(Bucket& bucket) {
  const at::NoGradGuard no_grad;
  for (const std::size_t i : bucket.parameters) {
    Tensor& sum = parameters_[i].tensor.mutable_grad();
    if (!bucket.has_sums) sum = Tensor();
    for (const NamedTensors& copy : copies_) {
      const Tensor part = std::exchange(copy[i].tensor.mutable_grad(), Tensor());
      if (part.defined()) add_to(sum, part);
    }
  }
  bucket.has_sums = true;
}

void GradientBuckets::finish() {
  for (Bucket& bucket : buckets_)
    bucket.num_awaited = 0;
  send_ready();
  for (Bucket& bucket : buckets_)
    receive(bucket);
  for (Bucket& bucket : buckets_)
    bucket.has_sums = false;
  num_sent_ = 0;
  is_last_ = false;
}

}  // namespace sbert
