#include "sbert/loss/loss_inputs.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <ATen/ATen.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/nn/on_device.h"

namespace sbert {
namespace {

[[noreturn]] void fail_missing(std::string_view loss, std::string_view what, std::string_view key) {
  fail(ErrorKind::kUsage, concat("model.loss.name=", loss, " needs ", what,
                                 " with each record of the training data: no ", key));
}

Tensor like_embeddings(const std::vector<double>& values, const LossBatch& batch) {
  return on_device(values, batch.questions.device()).to(batch.questions.scalar_type());
}

Tensor indices(const std::vector<std::int64_t>& values, const LossBatch& batch) {
  return on_device(values, batch.questions.device());
}

bool has_memory_of_shape(const LossBatch& batch) {
  const LossMemory& memory = batch.memory;
  if (memory.size() == 0) return true;
  const LossTargets& targets = batch.targets;
  const auto is_key_list = [&](const Tensor& keys) {
    return keys.defined() && keys.scalar_type() == at::kLong && keys.dim() == 1 &&
           keys.size(0) == memory.size();
  };
  return memory.documents.dim() == 2 && memory.documents.size(1) == batch.questions.size(1) &&
         is_key_list(memory.text_keys) && is_key_list(memory.id_keys) &&
         is_key_list(memory.question_keys) && !targets.text_keys.empty() &&
         !targets.question_keys.empty();
}

}  // namespace

void check_shapes(const LossBatch& batch) {
  const LossTargets& targets = batch.targets;
  const auto size = static_cast<std::size_t>(targets.num_questions());
  const auto total = std::accumulate(targets.negative_counts.begin(), targets.negative_counts.end(),
                                     std::int64_t{0});
  const auto has_none_or = [](const auto& values, std::size_t count) {
    return values.empty() || values.size() == count;
  };
  const auto documents = size + static_cast<std::size_t>(total);
  const Tensor& questions = batch.questions;
  const bool embeddings_agree =
      size > 0 && questions.dim() == 2 && questions.size(0) == targets.num_questions() &&
      questions.sizes() == batch.positives.sizes() && batch.negatives.dim() == 2 &&
      batch.negatives.size(0) == total && batch.negatives.size(1) == questions.size(1);
  const bool targets_agree =
      has_none_or(targets.labels, size) && has_none_or(targets.positive_scores, size) &&
      has_none_or(targets.negative_scores, documents - size) &&
      has_none_or(targets.text_keys, documents) && has_none_or(targets.id_keys, documents) &&
      has_none_or(targets.question_keys, size) && has_none_or(targets.answer_keys, size) &&
      (targets.answer_keys.empty() || !targets.text_keys.empty());
  if (!embeddings_agree || !targets_agree || !has_memory_of_shape(batch)) {
    fail(ErrorKind::kInternal, "loss: the shapes of the batch disagree");
  }
}

Tensor similarity_labels(const LossBatch& batch, std::string_view loss) {
  if (batch.targets.labels.empty()) fail_missing(loss, "the similarity of a pair", "score");
  return like_embeddings(batch.targets.labels, batch);
}

Tensor class_labels(const LossBatch& batch, std::int64_t num_labels, std::string_view loss) {
  if (batch.targets.labels.empty()) fail_missing(loss, "the class of a pair", "label");
  std::vector<std::int64_t> classes;
  for (const double label : batch.targets.labels) {
    if (!(label >= 0 && label < static_cast<double>(num_labels) && label == std::floor(label))) {
      fail(ErrorKind::kInput, concat("label must be a class from 0 to ", num_labels - 1,
                                     " (model.loss.num_labels is ", num_labels, "): ", label));
    }
    classes.push_back(static_cast<std::int64_t>(label));
  }
  return indices(classes, batch);
}

TeacherScores teacher_scores(const LossBatch& batch, std::string_view loss) {
  const LossTargets& targets = batch.targets;
  if (targets.positive_scores.empty()) fail_missing(loss, "a teacher's scores", "pos_scores");
  if (targets.negative_scores.empty()) fail_missing(loss, "a teacher's scores", "neg_scores");
  return {like_embeddings(targets.positive_scores, batch),
          like_embeddings(targets.negative_scores, batch)};
}

Tensor zero_loss(const LossBatch& batch) {
  return (batch.questions.sum() + batch.positives.sum()) * 0;
}

Tensor negative_owners(const LossBatch& batch) {
  std::vector<std::int64_t> owners;
  for (std::int64_t i = 0; i < batch.targets.num_questions(); ++i) {
    owners.insert(
        owners.end(),
        static_cast<std::size_t>(batch.targets.negative_counts[static_cast<std::size_t>(i)]), i);
  }
  return indices(owners, batch);
}

Tensor negative_places(const LossBatch& batch) {
  const std::vector<std::int64_t>& counts = batch.targets.negative_counts;
  const std::int64_t most = *std::max_element(counts.begin(), counts.end());
  std::vector<std::int64_t> places;
  std::int64_t next = 0;
  for (const std::int64_t count : counts) {
    for (std::int64_t h = 0; h < most; ++h)
      places.push_back(h < count ? next + h : -1);
    next += count;
  }
  return indices(places, batch).view({batch.targets.num_questions(), most});
}

Tensor by_question(const Tensor& values, const Tensor& places) {
  return values.index_select(0, places.clamp_min(0).flatten()).view(places.sizes());
}

}  // namespace sbert
