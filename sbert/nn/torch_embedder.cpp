#include "sbert/nn/torch_embedder.h"

#include <algorithm>
#include <utility>

#include <ATen/ATen.h>

#include "sbert/base/concat.h"
#include "sbert/embed/finite_rows.h"
#include "sbert/nn/memory_advice.h"
#include "sbert/nn/workers.h"

namespace sbert {
namespace {

// Tokens of a packed batch on the CPU: enough rows for the products to run at their full rate, few
// enough for the widest intermediate [T, 4H] of a small model to stay in the cache.
constexpr std::int64_t kDefaultBatchTokens = 1'024;
// Enough to keep a GPU's multiprocessors at work.
constexpr std::int64_t kDefaultGpuBatchTokens = 32'768;
// While one waits for its result, the other makes the next batch.
constexpr int kGpuWorkers = 2;
// The SGEMM of the torch wheel gives a row the same bits for every number of rows from here on
// (from 4 with AVX2, from 16 with AVX-512).
constexpr std::int64_t kMinBatchTokens = 16;

}  // namespace

TorchEmbedder::TorchEmbedder(const TorchEncoder& encoder,
                             const Tokenizer& tokenizer,
                             const EmbeddingHead& head,
                             ModelCard card,
                             const WorkerPool& pool,
                             std::int64_t batch_tokens)
    : encoder_(encoder),
      tokenizer_(tokenizer),
      head_(head, encoder.device()),
      card_(std::move(card)),
      pool_(pool),
      gpu_workers_(encoder.device().is_cpu()
                       ? nullptr
                       : std::make_unique<WorkerPool>(std::min(pool.num_threads(), kGpuWorkers))),
      batch_tokens_(batch_tokens) {}

// Embeds the texts `members` of the lists into the rows of the result that begin at `first_row`.
void TorchEmbedder::embed_members(const TokenLists& lists,
                                  std::span<const std::size_t> members,
                                  std::size_t first_row,
                                  FloatMatrix& result) const {
  PackedBatch batch;
  for (const std::size_t member : members)
    batch.append(lists[member]);
  while (batch.num_tokens() < kMinBatchTokens)
    batch.append(lists[members[0]]);
  const std::string advice =
      concat("with a batch of ", batch.num_tokens(), " tokens; lower batch_tokens");
  const Tensor embeddings = with_memory_advice(advice, [&] {
    return head_(encoder_.forward(batch, std::nullopt), batch)
        .to(at::kCPU, at::kFloat)
        .contiguous();
  });
  const float* values = embeddings.const_data_ptr<float>();
  for (const std::size_t member : members) {
    const auto row = result.row(static_cast<std::int64_t>(first_row + member));
    std::copy_n(values, result.columns, row.begin());
    values += result.columns;
  }
}

FloatMatrix TorchEmbedder::embed(std::span<const std::string> texts, const EmbedCall& call) const {
  const WorkerPool& workers = gpu_workers_ ? *gpu_workers_ : pool_;
  const std::int64_t most_tokens = gpu_workers_ ? kDefaultGpuBatchTokens : kDefaultBatchTokens;
  const std::int64_t max_length = max_length_of(call, card_, encoder_.spec().max_length);
  FloatMatrix result(std::ssize(texts), width());
  for (std::size_t start = 0; start < texts.size(); start += kTextsPerRound) {
    const auto round = texts.subspan(start, std::min(kTextsPerRound, texts.size() - start));
    const TokenLists lists = tokenize(tokenizer_, round, call, max_length, pool_);
    std::vector<std::size_t> order;
    const auto batches = plan_batches(
        lists, order, token_budget(lists, batch_tokens_, most_tokens, workers.num_threads()));
    const auto work = [&](std::size_t task) {
      const at::InferenceMode no_gradients;
      embed_members(lists, batches[task], start, result);
      if (call.on_progress) call.on_progress(std::ssize(batches[task]));
    };
    for_each_worker_task(workers, batches.size(), work, call.stop);
    check_finite(result, start, round);
  }
  return result;
}

}  // namespace sbert
