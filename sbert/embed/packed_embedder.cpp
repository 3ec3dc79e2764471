#include "sbert/embed/packed_embedder.h"

#include <algorithm>
#include <utility>

#include "sbert/base/free_list.h"
#include "sbert/embed/batch_plan.h"
#include "sbert/embed/finite_rows.h"
#include "sbert/model/cpu_head.h"

namespace sbert {
namespace {

// Tokens of a packed batch: enough rows for the products to run at their full rate, few enough for
// the widest intermediate [T, 4H] of a small model to stay in the cache.
constexpr std::int64_t kDefaultBatchTokens = 1'024;

// The values of a batch on their way to the result.
struct Workspace {
  std::vector<float> hidden;      // [T, H]
  std::vector<float> embeddings;  // [B, width]
};

float* grown(std::vector<float>& values, std::int64_t size) {
  if (std::ssize(values) < size) values.resize(static_cast<std::size_t>(size));
  return values.data();
}

}  // namespace

struct PackedEmbedder::State {
  State(TextModel model, const WorkerPool& workers, const PackedEmbedderOptions& options)
      : tokenizer(std::move(model.tokenizer)),
        card(std::move(model.card)),
        head(model.head, model.encoder.width),
        encoder(model.encoder, std::move(model.weights), options.precision, workers),
        pool(workers),
        batch_tokens(options.batch_tokens) {}

  // Embeds the texts `members` of the lists into the rows of the result that begin at `first_row`.
  void embed_members(const TokenLists& lists,
                     std::span<const std::size_t> members,
                     std::size_t first_row,
                     FloatMatrix& result) {
    PackedBatch batch;
    for (const std::size_t member : members)
      batch.append(lists[member]);
    const auto space = workspaces.take();
    float* hidden = grown(space->hidden, batch.num_tokens() * encoder.spec().width);
    float* embeddings = grown(space->embeddings, std::ssize(members) * result.columns);
    encoder.forward(batch, hidden);
    head.apply(hidden, batch, embeddings);
    for (const std::size_t member : members) {
      const auto row = result.row(static_cast<std::int64_t>(first_row + member));
      std::copy_n(embeddings, result.columns, row.begin());
      embeddings += result.columns;
    }
  }

  Tokenizer tokenizer;
  ModelCard card;
  CpuHead head;
  CpuEncoder encoder;
  const WorkerPool& pool;
  std::int64_t batch_tokens;
  FreeList<Workspace> workspaces;
};

PackedEmbedder::PackedEmbedder(TextModel model,
                               const WorkerPool& pool,
                               const PackedEmbedderOptions& options)
    : state_(std::make_unique<State>(std::move(model), pool, options)) {}

PackedEmbedder::~PackedEmbedder() = default;

FloatMatrix PackedEmbedder::embed(std::span<const std::string> texts, const EmbedCall& call) const {
  const WorkerPool& pool = state_->pool;
  const std::int64_t max_length =
      max_length_of(call, state_->card, state_->encoder.spec().max_length);
  FloatMatrix result(std::ssize(texts), width());
  for (std::size_t start = 0; start < texts.size(); start += kTextsPerRound) {
    const auto round = texts.subspan(start, std::min(kTextsPerRound, texts.size() - start));
    const TokenLists lists = tokenize(state_->tokenizer, round, call, max_length, pool);
    std::vector<std::size_t> order;
    const auto batches = plan_batches(
        lists, order,
        token_budget(lists, state_->batch_tokens, kDefaultBatchTokens, pool.num_threads()));
    const auto work = [&](std::size_t task) {
      state_->embed_members(lists, batches[task], start, result);
      if (call.on_progress) call.on_progress(std::ssize(batches[task]));
    };
    pool.for_each(batches.size(), work, call.stop);
    check_finite(result, start, round);
  }
  return result;
}

std::int64_t PackedEmbedder::width() const {
  return state_->head.width();
}

const ModelCard& PackedEmbedder::card() const {
  return state_->card;
}

bool PackedEmbedder::normalizes() const {
  return state_->head.normalizes();
}

const Tokenizer& PackedEmbedder::tokenizer() const {
  return state_->tokenizer;
}

}  // namespace sbert
