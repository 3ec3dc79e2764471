#include "sbert/train/gradient_cache.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include "sbert/base/concat.h"
#include "sbert/base/random.h"
#include "sbert/model/memory_advice.h"
#include "sbert/model/workers.h"

namespace sbert {
namespace {

// Some sequences of a micro batch, for one worker.
struct Shard {
  PackedBatch tokens;
  DropoutKey key;
  std::int64_t first_row = 0;  // in the embeddings of the micro batch
};

// The numbers by which the sequences of a micro batch draw their dropout: a text's is its
// question's place in the global batch and its own among the question's texts, so that they do not
// depend on how the global batch is cut.
std::vector<std::int64_t> dropout_numbers(const LossTargets& targets, std::int64_t first_question) {
  const std::int64_t size = targets.num_questions();
  std::vector<std::int64_t> numbers;
  const auto add = [&](std::int64_t question, std::int64_t text) {
    numbers.push_back(static_cast<std::int64_t>(
        derive_key(static_cast<std::uint64_t>(first_question + question), text)));
  };
  for (const std::int64_t text : {0, 1}) {
    for (std::int64_t i = 0; i < size; ++i)
      add(i, text);
  }
  for (std::int64_t i = 0; i < size; ++i) {
    for (std::int64_t h = 0; h < targets.negative_counts[static_cast<std::size_t>(i)]; ++h) {
      add(i, 2 + h);
    }
  }
  return numbers;
}

// Cuts a batch into runs of whole sequences with about the same number of tokens each.
std::vector<Shard> share_out(const MicroBatch& batch,
                             std::uint64_t key,
                             std::int64_t first_question,
                             std::size_t workers) {
  const PackedBatch& tokens = batch.tokens;
  const std::vector<std::int64_t> numbers = dropout_numbers(batch.targets, first_question);
  std::vector<Shard> shards;
  for (std::int64_t i = 0; i < tokens.num_sequences(); ++i) {
    const std::int32_t start = tokens.cu_seqlens[static_cast<std::size_t>(i)];
    const std::int32_t end = tokens.cu_seqlens[static_cast<std::size_t>(i) + 1];
    // A sequence belongs to the worker in whose share of the tokens its first one lies.
    const std::size_t worker = static_cast<std::size_t>(start) * workers / tokens.ids.size();
    if (shards.empty() || worker >= shards.size()) shards.push_back({{}, {key, {}}, i});
    shards.back().tokens.append(
        std::span(tokens.ids)
            .subspan(static_cast<std::size_t>(start), static_cast<std::size_t>(end - start)));
    shards.back().key.sequences.push_back(numbers[static_cast<std::size_t>(i)]);
  }
  return shards;
}

void append(LossTargets& all, const LossTargets& part) {
  const auto join = [](auto& to, const auto& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  join(all.negative_counts, part.negative_counts);
  join(all.labels, part.labels);
  join(all.positive_scores, part.positive_scores);
  join(all.negative_scores, part.negative_scores);
  join(all.question_keys, part.question_keys);
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

GradientCache::GradientCache(const SentenceModel& model,
                             const Loss& loss,
                             int workers,
                             ProcessGroup& group,
                             const GradientOptions& options)
    : model_(model), loss_(loss), group_(group) {
  std::vector<NamedTensors> leaves;
  for (int i = 0; i < workers; ++i) {
    encoders_.push_back(model.encoder.shared());
    leaves.push_back(encoders_.back().trainable_parameters());
  }
  buckets_ = std::make_unique<GradientBuckets>(model.encoder.trainable_parameters(),
                                               std::move(leaves), group, options.bucket_bytes);
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
  return with_memory_advice(
      advice, [&] { return compute_all(micro_batches, step_key, loss_scale, memory); });
}

double GradientCache::compute_all(const std::vector<MicroBatch>& micro_batches,
                                  std::uint64_t step_key,
                                  double loss_scale,
                                  const LossMemory& memory) {
  const auto num_workers = encoders_.size();
  const BatchShare share{group_.rank(), group_.size()};
  const std::int64_t count = std::ssize(micro_batches);
  std::vector<std::size_t> own;  // places of this process's micro batches
  for (std::int64_t i = 0; i < count; ++i) {
    if (share.has(i, count)) own.push_back(static_cast<std::size_t>(i));
  }
  const bool keeps_graph = own.size() == 1;
  const auto on_workers = [&](std::size_t tasks, const auto& work) {
    for_each_worker_task(static_cast<int>(num_workers), tasks, work);
  };
  const auto embed = [&](const Shard& shard, std::size_t worker) {
    return embed_batch(model_, encoders_[worker], shard.tokens, shard.key);
  };

  std::vector<std::int64_t> first_question{0};
  for (const MicroBatch& batch : micro_batches)
    first_question.push_back(first_question.back() + batch.targets.num_questions());
  std::vector<std::vector<Shard>> shards;  // of each own micro batch
  std::vector<Tensor> graph;               // [shard] kept from the first pass
  std::vector<Tensor> own_embeddings;
  for (const std::size_t i : own) {
    shards.push_back(share_out(micro_batches[i], step_key, first_question[i], num_workers));
    std::vector<Tensor> parts(shards.back().size());
    on_workers(parts.size(), [&](std::size_t s) {
      const at::AutoGradMode mode(keeps_graph);
      parts[s] = embed(shards.back()[s], s);
    });
    own_embeddings.push_back(at::cat(parts).detach());
    if (keeps_graph) graph = std::move(parts);
  }
  const std::vector<Tensor> embeddings = gathered(own_embeddings, micro_batches);
  batch_ = loss_batch(embeddings, micro_batches);
  batch_.memory = memory;
  if (loss_.has_parts() && group_.size() > 1 && !own.empty()) {
    const std::int64_t first = first_question[own.front()];
    batch_.part = {first, first_question[own.back() + 1] - first};
  }
  const Tensor loss = compute_loss(loss_scale);
  if (batch_.part) {
    std::vector<Tensor> gradients;
    for (const Tensor& each : embeddings)
      gradients.push_back(each.grad());
    group_.sum(gradients);
  }
  batch_ = without_gradient(std::move(batch_));

  for (std::size_t k = 0; k < own.size(); ++k) {
    if (k + 1 == own.size()) buckets_->expect_last(shards[k].size());
    on_workers(shards[k].size(), [&](std::size_t s) {
      const Tensor part = keeps_graph ? graph[s] : embed(shards[k][s], s);
      const std::int64_t first = shards[k][s].first_row;
      torch::autograd::backward({part},
                                {embeddings[own[k]].grad().slice(0, first, first + part.size(0))});
    });
  }
  buckets_->finish();
  return loss.item<double>();  // waits for the GPU, which has all of its work by now
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
    const Tensor none = at::empty({0, model_.encoder.config().hidden_size},
                                  at::TensorOptions(model_.encoder.device()));
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
  const NamedTensors parameters = loss_.parameters();
  for (const NamedTensor& parameter : parameters)
    parameter.tensor.mutable_grad() = Tensor();
  const Tensor loss = loss_.compute(batch_);
  (loss * loss_scale).backward();
  const Tensor total = loss.detach().clone();
  if (!batch_.part) return total;
  std::vector<Tensor> parts{total};
  for (const NamedTensor& parameter : parameters)
    parts.push_back(parameter.tensor.grad());
  group_.sum(parts);
  return total;
}

}  // namespace sbert
