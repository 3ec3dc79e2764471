#include "sbert/train/contrastive_gradient.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include "sbert/base/random.h"
#include "sbert/base/named_tensor.h"
#include "sbert/model/workers.h"

namespace sbert {
namespace {

// Some sequences of a micro batch, for one worker.
struct Shard {
  PackedBatch tokens;
  DropoutKey key;
  std::int64_t first_row = 0;  // in the embeddings of the micro batch
};

// Cuts a batch into runs of whole sequences with about the same number of tokens each.
std::vector<Shard> share_out(const PackedBatch& batch, DropoutKey key, std::size_t workers) {
  std::vector<Shard> shards;
  for (std::int64_t i = 0; i < batch.num_sequences(); ++i) {
    const std::int32_t start = batch.cu_seqlens[static_cast<std::size_t>(i)];
    const std::int32_t end = batch.cu_seqlens[static_cast<std::size_t>(i) + 1];
    // A sequence belongs to the worker in whose share of the tokens its first one lies.
    const std::size_t worker = static_cast<std::size_t>(start) * workers / batch.ids.size();
    if (shards.empty() || worker >= shards.size()) {
      shards.push_back({{}, {key.value, start, i}, i});
    }
    shards.back().tokens.append(std::span(batch.ids).subspan(
        static_cast<std::size_t>(start), static_cast<std::size_t>(end - start)));
  }
  return shards;
}

struct Parts {
  Tensor questions;  // [B, D]
  Tensor positives;  // [B, D]
  Tensor negatives;  // [N, D]
};

Parts split(const Tensor& embeddings, const MicroBatch& batch) {
  const std::int64_t size = batch.targets.num_questions();
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
    counts.insert(counts.end(), micro_batches[i].targets.negative_counts.begin(),
                  micro_batches[i].targets.negative_counts.end());
  }
  return contrastive_loss(at::cat(questions), at::cat(positives), at::cat(negatives), counts,
                          options);
}

}  // namespace

ContrastiveGradient::ContrastiveGradient(const SentenceModel& model,
                                         const ContrastiveOptions& options,
                                         int workers)
    : model_(model), options_(options) {
  for (int i = 0; i < workers; ++i)
    encoders_.push_back(model.encoder.shared());
}

double ContrastiveGradient::compute(const std::vector<MicroBatch>& micro_batches,
                                    DropoutKey step_key) {
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
  for (std::size_t i = 0; i < micro_batches.size(); ++i) {
    shards.push_back(
        share_out(micro_batches[i].tokens, {derive_key(step_key.value, i)}, num_workers));
    std::vector<Tensor> parts(shards[i].size());
    on_workers(parts.size(), [&](std::size_t s) {
      const at::AutoGradMode mode(keeps_graph);
      parts[s] = embed(shards[i][s], s);
    });
    embeddings.push_back(at::cat(parts).detach().requires_grad_(true));
    if (keeps_graph) graph = std::move(parts);
  }
  const Tensor loss = loss_of(embeddings, micro_batches, options_);
  loss.backward();

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

void ContrastiveGradient::add_up() {
  const at::NoGradGuard no_grad;
  const std::vector<NamedTensor> parameters = model_.encoder.parameters();
  for (const NamedTensor& parameter : parameters)
    parameter.tensor.mutable_grad() = Tensor();
  for (const BertEncoder& encoder : encoders_) {
    const std::vector<NamedTensor> shared = encoder.parameters();
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
