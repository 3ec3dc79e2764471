#include "sbert/train/gradient_cache.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "sbert/base/random.h"

namespace sbert {
namespace {

DropoutKey micro_batch_key(DropoutKey step_key, std::size_t place) {
  return {derive_key(step_key.value, place)};
}

struct Parts {
  Tensor questions;  // [B, D]
  Tensor positives;  // [B, D]
  Tensor negatives;  // [N, D]
};

Parts split(const Tensor& embeddings, const MicroBatch& batch) {
  const std::int64_t size = batch.num_questions();
  return {embeddings.slice(0, 0, size), embeddings.slice(0, size, 2 * size),
          embeddings.slice(0, 2 * size)};
}

Tensor loss_of(const std::vector<Tensor>& embeddings,
               const std::vector<MicroBatch>& micro_batches,
               const ContrastiveOptions& options) {
  std::vector<Tensor> questions;
  std::vector<Tensor> positives;
  std::vector<Tensor> negatives;
  std::vector<std::int64_t> counts;
  for (std::size_t i = 0; i < micro_batches.size(); ++i) {
    const Parts parts = split(embeddings[i], micro_batches[i]);
    questions.push_back(parts.questions);
    positives.push_back(parts.positives);
    negatives.push_back(parts.negatives);
    counts.insert(counts.end(), micro_batches[i].negative_counts.begin(),
                  micro_batches[i].negative_counts.end());
  }
  return contrastive_loss(at::cat(questions), at::cat(positives), at::cat(negatives), counts,
                          options);
}

}  // namespace

double contrastive_gradient(const SentenceModel& model,
                            const std::vector<MicroBatch>& micro_batches,
                            const ContrastiveOptions& options,
                            DropoutKey step_key) {
  const auto embed = [&](std::size_t i) {
    return embed_batch(model, micro_batches[i].tokens, micro_batch_key(step_key, i));
  };
  if (micro_batches.size() == 1) {
    const Tensor loss = loss_of({embed(0)}, micro_batches, options);
    loss.backward();
    return loss.item<double>();
  }

  std::vector<Tensor> embeddings;
  for (std::size_t i = 0; i < micro_batches.size(); ++i) {
    const at::NoGradGuard no_grad;
    embeddings.push_back(embed(i));
  }
  for (Tensor& each : embeddings) each.requires_grad_(true);
  const Tensor loss = loss_of(embeddings, micro_batches, options);
  loss.backward();
  for (std::size_t i = 0; i < micro_batches.size(); ++i) {
    torch::autograd::backward({embed(i)}, {embeddings[i].grad()});
  }
  return loss.item<double>();
}

}  // namespace sbert
