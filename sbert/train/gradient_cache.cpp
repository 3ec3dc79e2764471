#include "sbert/train/gradient_cache.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include "sbert/base/concat.h"
#include "sbert/nn/memory_advice.h"
#include "sbert/nn/workers.h"

namespace sbert {
namespace {

void append(LossTargets& all, const LossTargets& part) {
  const auto join = [](auto& to, const auto& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  join(all.negative_counts, part.negative_counts);
  join(all.labels, part.labels);
  join(all.positive_scores, part.positive_scores);
  join(all.negative_scores, part.negative_scores);
  join(all.question_keys, part.question_keys);
  join(all.answer_keys, part.answer_keys);
}

// The keys of documents stand in the order of the documents: all positives, then all negatives.
std::vector<std::uint64_t> join_keys(const std::vector<MicroBatch>& micro_batches,
                                     std::vector<std::uint64_t> LossTargets::* keys) {
  std::vector<std::uint64_t> positives;
  std::vector<std::uint64_t> negatives;
  for (const MicroBatch& batch : micro_batches) {
    const auto& part = batch.targets.*keys;
    if (part.empty()) return {};
    const auto middle = part.begin() + batch.targets.num_questions();
    positives.insert(positives.end(), part.begin(), middle);
    negatives.insert(negatives.end(), middle, part.end());
  }
  positives.insert(positives.end(), negatives.begin(), negatives.end());
  return positives;
}

LossBatch loss_batch(const std::vector<Tensor>& embeddings,
                     const std::vector<MicroBatch>& micro_batches) {
  std::vector<Tensor> questions;
  std::vector<Tensor> positives;
  std::vector<Tensor> negatives;
  LossBatch batch;
  for (std::size_t i = 0; i < micro_batches.size(); ++i) {
    const std::int64_t size = micro_batches[i].targets.num_questions();
    questions.push_back(embeddings[i].slice(0, 0, size));
    positives.push_back(embeddings[i].slice(0, size, 2 * size));
    negatives.push_back(embeddings[i].slice(0, 2 * size));
    append(batch.targets, micro_batches[i].targets);
  }
  batch.targets.text_keys = join_keys(micro_batches, &LossTargets::text_keys);
  batch.targets.id_keys = join_keys(micro_batches, &LossTargets::id_keys);
  batch.questions = at::cat(questions);
  batch.positives = at::cat(positives);
  batch.negatives = at::cat(negatives);
  return batch;
}

std::int64_t num_texts(const LossTargets& targets) {
  return std::accumulate(targets.negative_counts.begin(), targets.negative_counts.end(),
                         2 * targets.num_questions());
}

LossBatch without_gradient(LossBatch batch) {
  for (Tensor* embeddings : {&batch.questions, &batch.positives, &batch.negatives})
    *embeddings = embeddings->detach();
  return batch;
}

}  // namespace

GradientCache::GradientCache(const TorchEncoder& encoder,
                             const TorchHead& head,
                             const Loss& loss,
                             const WorkerPool& pool,
                             ProcessGroup& group,
                             const GradientOptions& options)
    : head_(head), loss_(loss), pool_(pool), group_(group), options_(options) {
  std::vector<NamedTensors> leaves;
  for (int i = 0; i < options.workers; ++i) {
    encoders_.push_back(encoder.shared());
    leaves.push_back(named_tensors(encoders_.back().trainable_parameters()));
  }
  buckets_ = std::make_unique<GradientBuckets>(named_tensors(encoder.trainable_parameters()),
                                               std::move(leaves), group, options.bucket_bytes,
                                               options.parts);
}

double GradientCache::compute(const std::vector<MicroBatch>& micro_batches,
                              std::uint64_t step_key,
                              double loss_scale,
                              const LossMemory& memory) {
  std::int64_t most_tokens = 0;
  for (const MicroBatch& batch : micro_batches)
    most_tokens = std::max(most_tokens, batch.tokens.num_tokens());
  const std::string advice = concat("with micro batches of up to ", most_tokens,
                                    " tokens; lower model.micro_batch_size, or set "
                                    "model.activations_checkpoint_granularity=full");
  return with_memory_advice(advice, [&] {
    for (const NamedTensor& parameter : loss_.parameters())
      parameter.tensor.mutable_grad() = Tensor();
    const std::vector<OwnMicroBatch> own = own_micro_batches(micro_batches, step_key);
    const Tensor loss = options_.global_inbatch_negatives
                            ? compute_global(micro_batches, own, loss_scale, memory)
                            : compute_each(micro_batches, own, loss_scale);
    return loss.item<double>();  // waits for the GPU, which has all of its work by now
  });
}

std::vector<GradientCache::OwnMicroBatch> GradientCache::own_micro_batches(
    const std::vector<MicroBatch>& micro_batches, std::uint64_t step_key) const {
  const BatchShare share{group_.rank(), group_.size()};
  const std::int64_t count = std::ssize(micro_batches);
  std::vector<OwnMicroBatch> own;
  std::int64_t first_question = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const MicroBatch& batch = micro_batches[static_cast<std::size_t>(i)];
    if (share.has(i, count)) {
      own.push_back({static_cast<std::size_t>(i), first_question,
                     shard_micro_batch(batch, step_key, first_question, encoders_.size())});
    }
    first_question += batch.targets.num_questions();
  }
  return own;
}

Tensor GradientCache::embed(std::size_t worker, const Shard& shard) const {
  return head_(encoders_[worker].forward(shard.tokens, shard.key), shard.tokens);
}

// The embeddings of each shard.
std::vector<Tensor> GradientCache::embedded(const std::vector<Shard>& shards,
                                            bool keeps_graph) const {
  std::vector<Tensor> parts(shards.size());
  for_each_worker_task(pool_, parts.size(), [&](std::size_t s) {
    const at::AutoGradMode mode(keeps_graph);
    parts[s] = embed(s, shards[s]);
  });
  return parts;
}

// Into the workers' parameters. Without the graph of the shards' embeddings they are embedded
// again.
void GradientCache::backpropagate(const std::vector<Shard>& shards,
                                  const std::vector<Tensor>& graph,
                                  const Tensor& gradient) {
  for_each_worker_task(pool_, shards.size(), [&](std::size_t s) {
    const Tensor part = graph.empty() ? embed(s, shards[s]) : graph[s];
    const std::int64_t first = shards[s].first_row;
    torch::autograd::backward({part}, {gradient.slice(0, first, first + part.size(0))});
  });
}

Tensor GradientCache::compute_global(const std::vector<MicroBatch>& micro_batches,
                                     const std::vector<OwnMicroBatch>& own,
                                     double loss_scale,
                                     const LossMemory& memory) {
  const bool keeps_graph = own.size() == 1;
  std::vector<Tensor> graph;  // [shard] kept from the first pass
  std::vector<Tensor> own_embeddings;
  for (const OwnMicroBatch& each : own) {
    std::vector<Tensor> parts = embedded(each.shards, keeps_graph);
    own_embeddings.push_back(at::cat(parts).detach());
    if (keeps_graph) graph = std::move(parts);
  }
  const std::vector<Tensor> embeddings = gathered(own_embeddings, micro_batches);
  batch_ = loss_batch(embeddings, micro_batches);
  batch_.memory = memory;
  if (loss_.has_parts() && group_.size() > 1 && !own.empty()) {
    const std::size_t last = own.back().place;
    const std::int64_t end =
        own.back().first_question + micro_batches[last].targets.num_questions();
    batch_.part = {own.front().first_question, end - own.front().first_question};
  }
  const Tensor loss = compute_loss(loss_scale);
  std::vector<Tensor> gradients;
  for (const Tensor& each : embeddings)
    gradients.push_back(each.grad());
  if (batch_.part) group_.sum(gradients);
  batch_ = without_gradient(std::move(batch_));
  if (options_.backprop_type == BackpropType::kLocal) {
    at::_foreach_div_(gradients, static_cast<double>(micro_batches.size()));
  }
  for (const OwnMicroBatch& each : own) {
    const bool is_last = &each == &own.back();
    if (is_last) buckets_->expect_last(each.shards.size());
    backpropagate(each.shards, graph, gradients[each.place]);
    if (!is_last) buckets_->add_up();
  }
  buckets_->finish();
  return loss;
}

// Without other micro batches' negatives each is done when its turn comes.
Tensor GradientCache::compute_each(const std::vector<MicroBatch>& micro_batches,
                                   const std::vector<OwnMicroBatch>& own,
                                   double loss_scale) {
  const auto count = static_cast<double>(micro_batches.size());
  Tensor total = at::zeros({}, at::TensorOptions(encoders_.front().device()));
  for (const OwnMicroBatch& each : own) {
    const std::vector<Tensor> graph = embedded(each.shards, /*keeps_graph=*/true);
    const Tensor embeddings = at::cat(graph).detach().requires_grad_(true);
    const Tensor loss =
        loss_.compute(loss_batch({embeddings}, {micro_batches[each.place]})) / count;
    (loss * loss_scale).backward();
    total.add_(loss.detach());
    const bool is_last = &each == &own.back();
    if (is_last) buckets_->expect_last(each.shards.size());
    backpropagate(each.shards, graph, embeddings.grad());
    if (!is_last) buckets_->add_up();
  }
  buckets_->finish();
  sum_loss(total);
  return total;
}

// The embeddings of all micro batches, leaves.
std::vector<Tensor> GradientCache::gathered(const std::vector<Tensor>& own,
                                            const std::vector<MicroBatch>& micro_batches) const {
  std::vector<Tensor> embeddings = own;
  if (group_.size() > 1) {
    const BatchShare share{group_.rank(), group_.size()};
    const std::int64_t count = std::ssize(micro_batches);
    std::vector<std::int64_t> sizes;  // texts of each micro batch
    std::vector<std::int64_t> counts(static_cast<std::size_t>(group_.size()));
    for (std::int64_t i = 0; i < count; ++i) {
      sizes.push_back(num_texts(micro_batches[static_cast<std::size_t>(i)].targets));
      counts[static_cast<std::size_t>(share.owner(i, count))] += sizes.back();
    }
    const TorchEncoder& encoder = encoders_.front();
    const Tensor none =
        at::empty({0, head_.width(encoder.spec().width)}, at::TensorOptions(encoder.device()));
    const Tensor part = own.empty() ? none : at::cat(own);
    embeddings = at::cat(group_.gather(part, counts)).split_with_sizes(sizes);
    for (Tensor& each : embeddings)
      each = each.clone();
  }
  for (Tensor& each : embeddings)
    each.requires_grad_(true);
  return embeddings;
}

// With its gradient on the embeddings and the loss's own parameters.
Tensor GradientCache::compute_loss(double loss_scale) {
  const Tensor loss = loss_.compute(batch_);
  (loss * loss_scale).backward();
  const Tensor total = loss.detach().clone();
  if (batch_.part) sum_loss(total);
  return total;
}

// With the gradients of the loss's own parameters, over the processes.
void GradientCache::sum_loss(const Tensor& loss) {
  std::vector<Tensor> parts{loss};
  for (const NamedTensor& parameter : loss_.parameters())
    parts.push_back(parameter.tensor.grad());
  group_.sum(parts);
}

}  // namespace sbert
