#include "sbert/embed/batch_plan.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/embed/long_texts.h"

namespace sbert {
namespace {

constexpr std::size_t kTextsPerTask = 256;

}  // namespace

std::int64_t max_length_of(const EmbedCall& call, const ModelCard& card, std::int64_t limit) {
  if (limit > 0 && call.max_length > limit) {
    fail(ErrorKind::kUsage,
         concat("max_length is above the model's positions: ", call.max_length, " > ", limit));
  }
  return call.max_length > 0 ? call.max_length : card.max_length;
}

TokenLists tokenize(const Tokenizer& tokenizer,
                    std::span<const std::string> texts,
                    const EmbedCall& call,
                    std::int64_t max_length,
                    const WorkerPool& pool) {
  TokenLists lists(texts.size());
  std::vector<char> is_cut(texts.size());
  const std::size_t tasks = (texts.size() + kTextsPerTask - 1) / kTextsPerTask;
  const auto work = [&](std::size_t task) {
    const std::size_t end = std::min(texts.size(), (task + 1) * kTextsPerTask);
    for (std::size_t i = task * kTextsPerTask; i < end; ++i) {
      TokenizedText text = call.prompt.empty()
                               ? tokenizer.tokenize(texts[i], max_length)
                               : tokenizer.tokenize(call.prompt + texts[i], max_length);
      lists[i] = std::move(text.ids);
      is_cut[i] = text.is_cut ? 1 : 0;
    }
  };
  pool.for_each(tasks, work, call.stop);
  const auto first_cut = std::find(is_cut.begin(), is_cut.end(), 1);
  if (call.on_long == OnLong::kError && first_cut != is_cut.end()) {
    refuse_long_text(texts[static_cast<std::size_t>(first_cut - is_cut.begin())], max_length);
  }
  if (call.on_tokenized) {
    call.on_tokenized({.texts = std::ssize(texts), .cut = std::count(first_cut, is_cut.end(), 1)});
  }
  return lists;
}

std::int64_t token_budget(const TokenLists& lists,
                          std::int64_t wanted,
                          std::int64_t most,
                          int workers) {
  if (wanted > 0) return wanted;
  std::int64_t total = 0;
  for (const auto& list : lists)
    total += std::ssize(list);
  return std::min(most, total / workers + 1);
}

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
    const std::int64_t length = std::ssize(lists[order[i]]);
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

}  // namespace sbert
