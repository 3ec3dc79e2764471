#include "sbert/embed/embedder.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <span>
#include <utility>

#include <ATen/ATen.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/stop.h"
#include "sbert/base/threads.h"
#include "sbert/dist/process_group.h"
#include "sbert/embed/embedding_service.h"
#include "sbert/nn/memory_advice.h"
#include "sbert/nn/workers.h"

namespace sbert {
namespace {

// Tokens of a packed batch: enough rows for the GEMM to run at its full rate, few enough for the
// widest intermediate [T, 4H] of a small model to stay in the cache.
constexpr std::int64_t kDefaultBatchTokens = 1'024;
// Enough to keep a GPU's multiprocessors at work.
constexpr std::int64_t kDefaultGpuBatchTokens = 32'768;
// While one waits for its result, the other makes the next batch.
constexpr int kGpuWorkers = 2;
// Of the model's own encoder on the CPU: the SGEMM of the torch wheel gives a row the same bits for
// every number of rows from here on (from 4 with AVX2, from 16 with AVX-512).
constexpr std::int64_t kMinBatchTokens = 16;
// Texts that are tokenized and sorted together: bounds the memory that token ids take.
constexpr std::size_t kTextsPerRound = 65'536;
constexpr std::size_t kTextsPerTask = 256;

using TokenLists = std::vector<std::vector<std::int32_t>>;

TokenLists tokenize(const SentenceModel& model,
                    std::span<const std::string> texts,
                    const EmbedOptions& options) {
  const std::string& prompt = options.prompt;
  TokenLists lists(texts.size());
  const std::size_t tasks = (texts.size() + kTextsPerTask - 1) / kTextsPerTask;
  for_each_task(options.threads, tasks, [&](std::size_t task) {
    throw_if_stopped();
    const std::size_t end = std::min(texts.size(), (task + 1) * kTextsPerTask);
    for (std::size_t i = task * kTextsPerTask; i < end; ++i) {
      lists[i] = prompt.empty() ? model.tokenizer.encode(texts[i], options.max_length)
                                : model.tokenizer.encode(prompt + texts[i], options.max_length);
    }
  });
  return lists;
}

// Texts by falling length, cut into runs of at most `budget` tokens (one text at least).
std::vector<std::span<const std::size_t>> plan_batches(const TokenLists& lists,
                                                       std::vector<std::size_t>& order,
                                                       std::int64_t budget) {
  order.resize(lists.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return lists[a].size() > lists[b].size(); });
  std::vector<std::span<const std::size_t>> batches;
  std::size_t first = 0;
  std::int64_t tokens = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto length = static_cast<std::int64_t>(lists[order[i]].size());
    if (i > first && tokens + length > budget) {
      batches.push_back(std::span(order).subspan(first, i - first));
      first = i;
      tokens = 0;
    }
    tokens += length;
  }
  if (first < order.size()) batches.push_back(std::span(order).subspan(first));
  return batches;
}

// Tokens of a batch: fewer where that gives every worker one.
std::int64_t token_budget(const TokenLists& lists,
                          std::int64_t wanted,
                          std::int64_t most,
                          int threads) {
  if (wanted > 0) return wanted;
  std::int64_t total = 0;
  for (const auto& list : lists)
    total += static_cast<std::int64_t>(list.size());
  return std::min(most, total / threads + 1);
}

}  // namespace

Embedder::Embedder(const SentenceModel& model, EmbedOptions options)
    : model_(model), options_(std::move(options)) {
  const std::int64_t most = model.encoder.config().max_position_embeddings;
  if (options_.max_length > most) {
    fail(ErrorKind::kUsage,
         concat("max_length is above the model's positions: ", options_.max_length, " > ", most));
  }
  if (options_.max_length <= 0) options_.max_length = model.max_seq_length;
  if (options_.service != nullptr) options_.group = &options_.service->group();
  if (options_.threads <= 0) options_.threads = available_threads();
  if (InferenceEncoder::can_run(model.encoder)) {
    encoder_.emplace(model.encoder, options_.precision);
  } else if (options_.precision == InferencePrecision::kInt8) {
    fail(ErrorKind::kUsage, "int8 is for models in float32 on the CPU");
  }
}

Tensor Embedder::embed(const PackedBatch& batch) const {
  if (!encoder_) return embed_batch(model_, batch, std::nullopt);
  return pool_and_normalize(model_, encoder_->forward(batch), batch);
}

void Embedder::embed_members(const TokenLists& lists,
                             std::span<const std::size_t> members,
                             std::size_t first_row,
                             FloatMatrix& result) const {
  PackedBatch batch;
  for (const std::size_t member : members)
    batch.append(lists[member]);
  while (!encoder_ && batch.num_tokens() < kMinBatchTokens)
    batch.append(lists[members[0]]);
  const std::string advice =
      concat("with a batch of ", batch.num_tokens(), " tokens; lower batch_tokens");
  const Tensor embeddings = with_memory_advice(
      advice, [&] { return embed(batch).to(at::kCPU, at::kFloat).contiguous(); });
  const float* rows = embeddings.const_data_ptr<float>();
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto row = result.row(static_cast<std::int64_t>(first_row + members[i]));
    std::memcpy(row.data(), rows + static_cast<std::int64_t>(i) * result.columns, row.size_bytes());
  }
}

FloatMatrix Embedder::embed_here(const std::vector<std::string>& texts) const {
  const bool is_on_gpu = !model_.encoder.device().is_cpu();
  const int workers = is_on_gpu ? std::min(options_.threads, kGpuWorkers) : options_.threads;
  FloatMatrix result(static_cast<std::int64_t>(texts.size()), model_.encoder.config().hidden_size);
  for (std::size_t start = 0; start < texts.size(); start += kTextsPerRound) {
    const auto round =
        std::span(texts).subspan(start, std::min(kTextsPerRound, texts.size() - start));
    const TokenLists lists = tokenize(model_, round, options_);
    std::vector<std::size_t> order;
    const auto batches = plan_batches(
        lists, order,
        token_budget(lists, options_.batch_tokens,
                     is_on_gpu ? kDefaultGpuBatchTokens : kDefaultBatchTokens, workers));
    for_each_worker_task(workers, batches.size(), [&](std::size_t task) {
      throw_if_stopped();
      const at::InferenceMode no_gradients;
      embed_members(lists, batches[task], start, result);
      if (options_.on_progress)
        options_.on_progress(static_cast<std::int64_t>(batches[task].size()));
    });
  }
  return result;
}

FloatMatrix Embedder::operator()(const std::vector<std::string>& texts) const {
  if (options_.group == nullptr || options_.group->size() == 1) return embed_here(texts);
  if (options_.service != nullptr) options_.service->announce(texts, options_);
  const std::int64_t size = options_.group->size();
  const auto total = static_cast<std::int64_t>(texts.size());
  // Every size-th text, so that long and short ones are shared evenly.
  std::vector<std::string> own;
  for (std::int64_t i = options_.group->rank(); i < total; i += size)
    own.push_back(texts[static_cast<std::size_t>(i)]);
  std::vector<std::int64_t> counts;
  for (std::int64_t rank = 0; rank < size; ++rank)
    counts.push_back((total - rank + size - 1) / size);

  FloatMatrix part = embed_here(own);
  const std::vector<Tensor> parts = options_.group->gather(
      at::from_blob(part.values.data(), {part.rows, part.columns}, at::kFloat), counts);
  if (options_.on_progress) options_.on_progress(total - part.rows);  // the others'
  FloatMatrix result(total, part.columns);
  const Tensor rows = at::from_blob(result.values.data(), {total, part.columns}, at::kFloat);
  for (std::int64_t rank = 0; rank < size; ++rank) {
    rows.slice(0, rank, std::nullopt, size).copy_(parts[static_cast<std::size_t>(rank)]);
  }
  return result;
}

FloatMatrix embed_texts(const SentenceModel& model,
                        const std::vector<std::string>& texts,
                        const EmbedOptions& options) {
  return Embedder(model, options)(texts);
}

}  // namespace sbert
