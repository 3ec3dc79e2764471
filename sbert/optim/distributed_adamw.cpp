#include "sbert/optim/distributed_adamw.h"

#include <algorithm>
#include <span>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/named_tensor.h"
#include "sbert/dist/buckets.h"

namespace sbert {
namespace {

struct Range {
  std::int64_t first;
  std::int64_t size;
};

// Which of n elements a process has.
Range share(std::int64_t n, int rank, int size) {
  const std::int64_t first = n * rank / size;
  return {first, n * (rank + 1) / size - first};
}

Tensor elements(const Tensor& tensor, const Range& range) {
  return tensor.detach().view({-1}).narrow(0, range.first, range.size);
}

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

struct DistributedAdamW::Parameter {
  NamedTensor whole;
  Range own;
  Tensor part;  // [own.size] a view of the own elements
};

DistributedAdamW::DistributedAdamW(std::vector<NamedTensor> parameters,
                                   const std::vector<ParameterSetting>& settings,
                                   const AdamWOptions& options,
                                   ProcessGroup& group)
    : group_(group) {
  NamedTensors parts;
  for (NamedTensor& each : parameters) {
    const Range own = share(each.tensor.numel(), group.rank(), group.size());
    const Tensor part = elements(each.tensor, own);
    parts.push_back({each.name, part});
    parameters_.push_back({std::move(each), own, part});
  }
  own_ = std::make_unique<AdamW>(std::move(parts), settings, options);
}
DistributedAdamW::~DistributedAdamW() = default;

void DistributedAdamW::step(double lr) {
  for (const Parameter& each : parameters_) {
    const Tensor& gradient = each.whole.tensor.grad();
    if (!gradient.defined()) fail(ErrorKind::kInternal, concat("no gradient of ", each.whole.name));
    each.part.mutable_grad() = elements(gradient.contiguous(), each.own);
  }
  own_->step(lr);
  if (group_.size() > 1) gather_values();
}

// Message by message, so that little is there twice.
void DistributedAdamW::gather_values() {
  const at::NoGradGuard no_grad;
  std::vector<Tensor> wholes;
  for (const Parameter& each : parameters_)
    wholes.push_back(each.whole.tensor);
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
  for (const Parameter& each : parameters_)
    each.whole.tensor.mutable_grad() = Tensor();
}

std::int64_t DistributedAdamW::step_count() const {
  return own_->step_count();
}

std::int64_t DistributedAdamW::state_bytes() const {
  std::int64_t bytes = 0;
  for (const NamedTensor& each : own_->state())
    bytes += static_cast<std::int64_t>(each.tensor.nbytes());
  return bytes;
}

const DistributedAdamW::Parameter& DistributedAdamW::parameter_of(
    const std::string& state_name) const {
  const std::string name = state_name.substr(state_name.find('.') + 1);
  return *std::ranges::find_if(parameters_,
                               [&](const Parameter& each) { return each.whole.name == name; });
}

std::vector<std::int64_t> DistributedAdamW::counts_of(const Parameter& parameter) const {
  std::vector<std::int64_t> counts;
  for (int rank = 0; rank < group_.size(); ++rank)
    counts.push_back(share(parameter.whole.tensor.numel(), rank, group_.size()).size);
  return counts;
}

std::vector<NamedTensor> DistributedAdamW::state() const {
  std::vector<NamedTensor> tensors;
  for (const NamedTensor& part : own_->state()) {
    const Parameter& parameter = parameter_of(part.name);
    const auto shape = parameter.whole.tensor.sizes();
    if (group_.size() == 1) {
      tensors.push_back({part.name, part.tensor.view(shape)});
      continue;
    }
    const std::vector<Tensor> parts = group_.gather(part.tensor, counts_of(parameter));
    if (group_.is_leader()) tensors.push_back({part.name, at::cat(parts).view(shape).cpu()});
  }
  return tensors;
}

void DistributedAdamW::resume(const std::vector<NamedTensor>& state, std::int64_t step_count) {
  const at::NoGradGuard no_grad;
  own_->set_step_count(step_count);
  for (const NamedTensor& part : own_->state()) {
    const Parameter& parameter = parameter_of(part.name);
    Tensor whole;
    if (group_.is_leader()) {
      const auto found = std::ranges::find(state, part.name, &NamedTensor::name);
      if (found == state.end()) fail(ErrorKind::kInternal, concat("no state of ", part.name));
      whole = found->tensor.to(part.tensor.device());
    } else {
      whole = at::empty(parameter.whole.tensor.sizes(), part.tensor.options());
    }
    group_.broadcast({whole});
    const bool is_own = part.tensor.data_ptr() == whole.data_ptr();  // alone
    if (!is_own) part.tensor.copy_(elements(whole, parameter.own));
  }
}

}  // namespace sbert
