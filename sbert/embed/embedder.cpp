#include "sbert/embed/embedder.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <span>

#include <ATen/ATen.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/stop.h"
#include "sbert/base/threads.h"
#include "sbert/dist/process_group.h"
#include "sbert/model/memory_advice.h"
#include "sbert/model/workers.h"

namespace sbert {
namespace {

// Tokens of a packed batch: enough rows for the GEMM to run at its full rate, few enough for the
// widest intermediate [T, 4H] of a small model to stay in the cache.
constexpr std::int64_t kDefaultBatchTokens = 1'024;
// Enough to keep a GPU's multiprocessors at work.
constexpr std::int64_t kDefaultGpuBatchTokens = 32'768;
// While one waits for its result, the other makes the next batch.
constexpr int kGpuWorkers = 2;
// The SGEMM of the torch wheel gives a row the same bits for every number of rows from here on: from
// 4 with AVX2, from 16 with AVX-512.
constexpr std::int64_t kMinBatchTokens = 16;
// Texts that are tokenized and sorted together: bounds the memory that token ids take.
constexpr std::size_t kTextsPerRound = 65'536;
constexpr std::size_t kTextsPerTask = 256;

using TokenLists = std::vector<std::vector<std::int32_t>>;

// Processes of a group stop together, where their work allows, and not here.
void throw_if_stopped(const EmbedOptions& options) {
  if (options.group == nullptr || options.group->size() == 1) sbert::throw_if_stopped();
}

TokenLists tokenize(const SentenceModel& model,
                    std::span<const std::string> texts,
                    const EmbedOptions& options,
                    std::int64_t max_length,
                    int threads) {
  const std::string& prompt = options.prompt;
  TokenLists lists(texts.size());
  const std::size_t tasks = (texts.size() + kTextsPerTask - 1) / kTextsPerTask;
  for_each_task(threads, tasks, [&](std::size_t task) {
    throw_if_stopped(options);
    const std::size_t end = std::min(texts.size(), (task + 1) * kTextsPerTask);
    for (std::size_t i = task * kTextsPerTask; i < end; ++i) {
      lists[i] = prompt.empty() ? model.tokenizer.encode(texts[i], max_length)
                                : model.tokenizer.encode(prompt + texts[i], max_length);
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

void embed_one_batch(const SentenceModel& model,
                     const TokenLists& lists,
                     std::span<const std::size_t> members,
                     std::size_t first_row,
                     FloatMatrix& result) {
  PackedBatch batch;
  for (const std::size_t member : members)
    batch.append(lists[member]);
  while (batch.num_tokens() < kMinBatchTokens)
    batch.append(lists[members[0]]);
  const std::string advice =
      concat("with a batch of ", batch.num_tokens(), " tokens; lower batch_tokens");
  const Tensor embeddings = with_memory_advice(advice, [&] {
    return embed_batch(model, batch, std::nullopt).to(at::kCPU, at::kFloat).contiguous();
  });
  const float* rows = embeddings.const_data_ptr<float>();
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto row = result.row(static_cast<std::int64_t>(first_row + members[i]));
    std::memcpy(row.data(), rows + static_cast<std::int64_t>(i) * result.columns, row.size_bytes());
  }
}

FloatMatrix embed_here(const SentenceModel& model,
                       const std::vector<std::string>& texts,
                       const EmbedOptions& options) {
  const int threads = options.threads > 0 ? options.threads : available_threads();
  const std::int64_t limit = model.max_seq_length;
  if (options.max_length > model.encoder.config().max_position_embeddings) {
    fail(ErrorKind::kUsage,
         concat("max_length is above the model's positions: ", options.max_length, " > ",
                model.encoder.config().max_position_embeddings));
  }
  const std::int64_t max_length = options.max_length > 0 ? options.max_length : limit;
  const bool is_on_gpu = !model.encoder.device().is_cpu();
  const int workers = is_on_gpu ? std::min(threads, kGpuWorkers) : threads;
  const std::int64_t default_budget = is_on_gpu ? kDefaultGpuBatchTokens : kDefaultBatchTokens;
  const std::int64_t budget = options.batch_tokens > 0 ? options.batch_tokens : default_budget;

  FloatMatrix result(static_cast<std::int64_t>(texts.size()), model.encoder.config().hidden_size);
  for (std::size_t start = 0; start < texts.size(); start += kTextsPerRound) {
    const auto round =
        std::span(texts).subspan(start, std::min(kTextsPerRound, texts.size() - start));
    const TokenLists lists = tokenize(model, round, options, max_length, threads);
    std::vector<std::size_t> order;
    const auto batches = plan_batches(lists, order, budget);
    for_each_worker_task(workers, batches.size(), [&](std::size_t task) {
      throw_if_stopped(options);
      const at::InferenceMode no_gradients;
      embed_one_batch(model, lists, batches[task], start, result);
      if (options.on_progress) options.on_progress(static_cast<std::int64_t>(batches[task].size()));
    });
  }
  return result;
}

// How many of the texts a rank takes: every size-th, so that long and short ones are shared evenly.
std::int64_t share_of(std::int64_t rank, std::int64_t size, std::int64_t texts) {
  return (texts - rank + size - 1) / size;
}

}  // namespace

FloatMatrix embed_texts(const SentenceModel& model,
                        const std::vector<std::string>& texts,
                        const EmbedOptions& options) {
  if (options.group == nullptr || options.group->size() == 1) {
    return embed_here(model, texts, options);
  }
  const std::int64_t size = options.group->size();
  const auto total = static_cast<std::int64_t>(texts.size());
  std::vector<std::string> own;
  for (std::int64_t i = options.group->rank(); i < total; i += size)
    own.push_back(texts[static_cast<std::size_t>(i)]);
  std::vector<std::int64_t> counts;
  for (std::int64_t rank = 0; rank < size; ++rank)
    counts.push_back(share_of(rank, size, total));

  FloatMatrix part = embed_here(model, own, options);
  const std::vector<Tensor> parts = options.group->gather(
      at::from_blob(part.values.data(), {part.rows, part.columns}, at::kFloat), counts);
  FloatMatrix result(total, part.columns);
  const Tensor rows = at::from_blob(result.values.data(), {total, part.columns}, at::kFloat);
  for (std::int64_t rank = 0; rank < size; ++rank) {
    rows.slice(0, rank, std::nullopt, size).copy_(parts[static_cast<std::size_t>(rank)]);
  }
  return result;
}

}  // namespace sbert
