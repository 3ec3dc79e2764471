#include "sbert/loss/cross_batch_memory.h"

#include <algorithm>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "sbert/nn/on_device.h"

namespace sbert {
namespace {

Tensor key_tensor(const std::vector<std::uint64_t>& keys, const at::Device& device) {
  return on_device(std::vector<std::int64_t>(keys.begin(), keys.end()), device);
}

}  // namespace

CrossBatchMemory::CrossBatchMemory(std::int64_t capacity,
                                   std::int64_t embedding_size,
                                   const at::Device& device)
    : documents_(at::zeros({capacity, embedding_size}, at::TensorOptions(device))),
      text_keys_(at::zeros({capacity}, at::TensorOptions(device).dtype(at::kLong))),
      id_keys_(at::zeros_like(text_keys_)),
      question_keys_(at::zeros_like(text_keys_)),
      num_added_(at::zeros({}, at::kLong)) {}

void CrossBatchMemory::add(const LossBatch& batch) {
  const at::NoGradGuard no_grad;
  const LossTargets& targets = batch.targets;
  std::vector<std::uint64_t> questions = targets.question_keys;  // 0 of a hard negative
  questions.resize(targets.text_keys.size());
  const std::vector<std::uint64_t> none(targets.text_keys.size());

  const at::Device device = documents_.device();
  const std::int64_t capacity = documents_.size(0);
  const auto total = static_cast<std::int64_t>(targets.text_keys.size());
  const std::int64_t count = std::min(total, capacity);
  const std::int64_t added = num_added_.item<std::int64_t>();
  const Tensor places =
      (at::arange(total - count, total, text_keys_.options()) + added).remainder(capacity);
  const auto put = [&](Tensor& slots, const Tensor& values) {
    slots.index_copy_(0, places, values.narrow(0, total - count, count));
  };
  put(documents_, at::cat({batch.positives, batch.negatives}).to(at::kFloat));
  put(text_keys_, key_tensor(targets.text_keys, device));
  put(id_keys_, key_tensor(targets.id_keys.empty() ? none : targets.id_keys, device));
  put(question_keys_, key_tensor(questions, device));
  num_added_.fill_(added + total);
}

LossMemory CrossBatchMemory::documents() const {
  const std::int64_t size =
      std::clamp<std::int64_t>(num_added_.item<std::int64_t>(), 0, documents_.size(0));
  const auto filled = [&](const Tensor& slots) { return slots.narrow(0, 0, size); };
  return {filled(documents_), filled(text_keys_), filled(id_keys_), filled(question_keys_)};
}

NamedTensors CrossBatchMemory::state() const {
  return {{"documents", documents_},
          {"text_keys", text_keys_},
          {"id_keys", id_keys_},
          {"question_keys", question_keys_},
          {"num_added", num_added_}};
}

}  // namespace sbert
