#include "sbert/train/gradient_cache.h"

#include <algorithm>
#include <string>

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

LossBatch without_gradient(LossBatch batch) {
  for (Tensor* embeddings : {&batch.questions, &batch.positives, &batch.negatives})
    *embeddings = embeddings->detach();
  return batch;
}

}  // namespace

GradientCache::GradientCache(const SentenceModel& model, const Loss& loss, int workers)
    : model_(model), loss_(loss) {
  for (int i = 0; i < workers; ++i)
    encoders_.push_back(model.encoder.shared());
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
  const bool keeps_graph = micro_batches.size() == 1;
  const auto on_workers = [&](std::size_t count, const auto& work) {
    for_each_worker_task(static_cast<int>(num_workers), count, work);
  };
  const auto embed = [&](const Shard& shard, std::size_t worker) {
    return embed_batch(model_, encoders_[worker], shard.tokens, shard.key);
  };

  std::vector<std::vector<Shard>> shards;  // of each micro batch
  std::vector<Tensor> graph;               // [shard] kept from the first pass
  std::vector<Tensor> embeddings;          // of each micro batch, leaves
  std::int64_t first_question = 0;
  for (const MicroBatch& batch : micro_batches) {
    shards.push_back(share_out(batch, step_key, first_question, num_workers));
    first_question += batch.targets.num_questions();
    std::vector<Tensor> parts(shards.back().size());
    on_workers(parts.size(), [&](std::size_t s) {
      const at::AutoGradMode mode(keeps_graph);
      parts[s] = embed(shards.back()[s], s);
    });
    embeddings.push_back(at::cat(parts).detach().requires_grad_(true));
    if (keeps_graph) graph = std::move(parts);
  }
  for (const NamedTensor& parameter : loss_.parameters())
    parameter.tensor.mutable_grad() = Tensor();
  batch_ = loss_batch(embeddings, micro_batches);
  batch_.memory = memory;
  const Tensor loss = loss_.compute(batch_);
  (loss * loss_scale).backward();
  batch_ = without_gradient(std::move(batch_));

  for (std::size_t i = 0; i < micro_batches.size(); ++i) {
    on_workers(shards[i].size(), [&](std::size_t s) {
      const Tensor part = keeps_graph ? graph[s] : embed(shards[i][s], s);
      const std::int64_t first = shards[i][s].first_row;
      torch::autograd::backward({part},
                                {embeddings[i].grad().slice(0, first, first + part.size(0))});
    });
  }
  add_up();
  return loss.item<double>();
}

void GradientCache::add_up() {
  const at::NoGradGuard no_grad;
  const std::vector<NamedTensor> parameters = model_.encoder.trainable_parameters();
  for (const NamedTensor& parameter : parameters)
    parameter.tensor.mutable_grad() = Tensor();
  for (const BertEncoder& encoder : encoders_) {
    const std::vector<NamedTensor> shared = encoder.trainable_parameters();
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      Tensor& sum = parameters[i].tensor.mutable_grad();
      Tensor& part = shared[i].tensor.mutable_grad();
      if (sum.defined() && part.defined()) {
        sum.add_(part);
      } else if (part.defined()) {
        sum = part;
      }
      part = Tensor();
    }
  }
}

}  // namespace sbert
