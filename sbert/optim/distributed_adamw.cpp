#include "sbert/optim/distributed_adamw.h"

#include <algorithm>
#include <span>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/dist/buckets.h"
#include "sbert/dist/shares.h"
#include "sbert/nn/named_tensor.h"

namespace sbert {
namespace {

// Elements of a process in a message.
std::int64_t largest_piece(int size) {
  constexpr std::int64_t kElementBytes = 4;
  return kBucketBytes / kElementBytes / size + 1;  // + 1: shares are not all alike
}

// What a process sends of its share of n elements, from an offset in it on.
Range piece(std::int64_t n, int rank, int size, std::int64_t offset) {
  const Range whole = share(n, rank, size);
  const std::int64_t skipped = std::min(offset, whole.size);
  return {whole.first + skipped, std::min(whole.size - skipped, largest_piece(size))};
}

// Fills in what the other processes have of the tensors, from an offset in their shares on.
void gather_pieces(std::span<const Tensor> tensors, std::int64_t offset, ProcessGroup& group) {
  const auto piece_of = [&](const Tensor& tensor, int rank) {
    return piece(tensor.numel(), rank, group.size(), offset);
  };
  std::vector<std::int64_t> counts;
  for (int rank = 0; rank < group.size(); ++rank) {
    counts.push_back(0);
    for (const Tensor& each : tensors)
      counts.back() += piece_of(each, rank).size;
  }
  std::vector<Tensor> own;
  for (const Tensor& each : tensors)
    own.push_back(elements(each, piece_of(each, group.rank())));
  const std::vector<Tensor> found =
      group.gather(own.size() == 1 ? own.front() : at::cat(own), counts);
  for (int rank = 0; rank < group.size(); ++rank) {
    std::int64_t next = 0;
    for (const Tensor& each : tensors) {
      const Range range = piece_of(each, rank);
      const Tensor& part = found[static_cast<std::size_t>(rank)];
      if (rank != group.rank()) elements(each, range).copy_(part.narrow(0, next, range.size));
      next += range.size;
    }
  }
}

}  // namespace

DistributedAdamW::DistributedAdamW(std::vector<NamedTensor> parameters,
                                   const std::vector<ParameterSetting>& settings,
                                   const AdamWOptions& options,
                                   ProcessGroup& group)
    : group_(group), parameters_(std::move(parameters)) {
  for (const NamedTensor& each : parameters_)
    parts_.push_back({each.name, elements(each.tensor, own_of(each.tensor))});
  own_ = std::make_unique<AdamW>(parts_, settings, options);
}
DistributedAdamW::~DistributedAdamW() = default;

Range DistributedAdamW::own_of(const Tensor& parameter) const {
  return share(parameter.numel(), group_.rank(), group_.size());
}

void DistributedAdamW::take_gradients() {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Tensor& whole = parameters_[i].tensor;
    if (!whole.grad().defined()) continue;
    parts_[i].tensor.mutable_grad() = elements(whole.grad().contiguous(), own_of(whole));
    whole.mutable_grad() = Tensor();
  }
}

void DistributedAdamW::step(double lr) {
  take_gradients();
  own_->step(lr);
  if (group_.size() > 1) gather_values();
}

// Message by message, so that little is held twice.
void DistributedAdamW::gather_values() {
  const at::NoGradGuard no_grad;
  std::vector<Tensor> wholes;
  for (const NamedTensor& each : parameters_)
    wholes.push_back(each.tensor);
  std::size_t first = 0;
  for (const std::size_t end : bucket_ends(wholes, kBucketBytes)) {
    const std::span bucket(wholes.begin() + static_cast<std::ptrdiff_t>(first), end - first);
    // What is larger than a bucket stands alone, and is sent piece by piece.
    const std::int64_t most = share(bucket[0].numel(), group_.size() - 1, group_.size()).size;
    for (std::int64_t offset = 0; offset < std::max<std::int64_t>(most, 1);
         offset += largest_piece(group_.size())) {
      gather_pieces(bucket, offset, group_);
    }
    first = end;
  }
}

void DistributedAdamW::zero_grad() {
  own_->zero_grad();
  for (const NamedTensor& each : parameters_)
    each.tensor.mutable_grad() = Tensor();
}

std::int64_t DistributedAdamW::step_count() const {
  return own_->step_count();
}

const Tensor& DistributedAdamW::parameter_of(const std::string& state_name) const {
  const std::string name = state_name.substr(state_name.find('.') + 1);
  return std::ranges::find(parameters_, name, &NamedTensor::name)->tensor;
}

std::vector<std::int64_t> DistributedAdamW::counts_of(const Tensor& parameter) const {
  std::vector<std::int64_t> counts;
  for (int rank = 0; rank < group_.size(); ++rank)
    counts.push_back(share(parameter.numel(), rank, group_.size()).size);
  return counts;
}

std::vector<NamedTensor> DistributedAdamW::state() const {
  std::vector<NamedTensor> tensors;
  for (const NamedTensor& part : own_->state()) {
    const Tensor& parameter = parameter_of(part.name);
    if (group_.size() == 1) {
      tensors.push_back({part.name, part.tensor.view(parameter.sizes())});
      continue;
    }
    const std::vector<Tensor> parts = group_.gather(part.tensor, counts_of(parameter));
    if (!group_.is_leader()) continue;
    tensors.push_back({part.name, at::cat(parts).view(parameter.sizes()).cpu()});
  }
  return tensors;
}

void DistributedAdamW::resume(const std::vector<NamedTensor>& state, std::int64_t step_count) {
  const at::NoGradGuard no_grad;
  own_->set_step_count(step_count);
  for (const NamedTensor& part : own_->state()) {
    const Tensor& parameter = parameter_of(part.name);
    Tensor whole;
    if (group_.is_leader()) {
      const auto found = std::ranges::find(state, part.name, &NamedTensor::name);
      if (found == state.end()) fail(ErrorKind::kInternal, concat("no state of ", part.name));
      whole = found->tensor.to(part.tensor.device());
    } else {
      whole = at::empty(parameter.sizes(), part.tensor.options());
    }
    group_.broadcast({whole});
    const bool is_own = part.tensor.data_ptr() == whole.data_ptr();  // alone
    if (!is_own) part.tensor.copy_(elements(whole, own_of(parameter)));
  }
}

}  // namespace sbert
