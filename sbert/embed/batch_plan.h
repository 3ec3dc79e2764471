#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sbert/base/worker_pool.h"
#include "sbert/embed/text_embedder.h"
#include "sbert/text/tokenizer.h"

namespace sbert {

// How embedders turn texts into packed batches: round by round, a round's texts are tokenized,
// sorted by length and cut into batches of a budget of tokens.

/// Texts of a round: bounds the memory that token ids take.
inline constexpr std::size_t kTextsPerRound = 65'536;

/// The token ids of texts, special tokens counted.
using TokenLists = std::vector<std::vector<std::int32_t>>;

/// The length that a call cuts texts to: its own, or the model's where it names none.
/// @param limit tokens that the encoder can take; 0: any number
/// @throws Error(kUsage) if the call's length is above the limit
std::int64_t max_length_of(const EmbedCall& call, const ModelCard& card, std::int64_t limit);

/// Tokenizes each text with the call's prompt before it, on the threads of the pool, and tells the
/// call how many were cut.
/// @param max_length tokens that a text is cut to
/// @throws Error(kCancelled) once the call's stop is requested; Error(kInput) naming the first text
///         that is too long, where the call says so
TokenLists tokenize(const Tokenizer& tokenizer,
                    std::span<const std::string> texts,
                    const EmbedCall& call,
                    std::int64_t max_length,
                    const WorkerPool& pool);

/// Tokens of a batch: `wanted` if it is above 0; else `most`, or fewer where that gives every
/// worker a batch.
std::int64_t token_budget(const TokenLists& lists,
                          std::int64_t wanted,
                          std::int64_t most,
                          int workers);

/// Sorts lists by falling length and cuts them into batches of at most `budget` tokens, or of one
/// list that is longer.
/// @param order becomes the sorted indices of the lists; the batches returned are parts of it
std::vector<std::span<const std::size_t>> plan_batches(const TokenLists& lists,
                                                       std::vector<std::size_t>& order,
                                                       std::int64_t budget);

}  // namespace sbert
