#include "sbert/train/micro_batch_shards.h"

#include <span>

#include "sbert/base/random.h"

namespace sbert {
namespace {

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

}  // namespace

std::vector<Shard> shard_micro_batch(const MicroBatch& batch,
                                     std::uint64_t key,
                                     std::int64_t first_question,
                                     std::size_t workers) {
  const PackedBatch& tokens = batch.tokens;
  const std::vector<std::int64_t> numbers = dropout_numbers(batch.targets, first_question);
  std::vector<Shard> shards;
  for (std::int64_t i = 0; i < tokens.num_sequences(); ++i) {
    const std::int32_t start = tokens.cu_seqlens[static_cast<std::size_t>(i)];
    const std::int32_t end = tokens.cu_seqlens[static_cast<std::size_t>(i) + 1];
    // A sequence belongs to the worker whose share of the tokens holds its first one.
    const std::size_t worker = static_cast<std::size_t>(start) * workers / tokens.ids.size();
    if (shards.empty() || worker >= shards.size()) shards.push_back({{}, {key, {}}, i});
    shards.back().tokens.append(
        std::span(tokens.ids)
            .subspan(static_cast<std::size_t>(start), static_cast<std::size_t>(end - start)));
    shards.back().key.sequences.push_back(numbers[static_cast<std::size_t>(i)]);
  }
  return shards;
}

}  // namespace sbert
