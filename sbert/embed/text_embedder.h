#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "sbert/base/enum_names.h"
#include "sbert/base/matrix.h"
#include "sbert/base/stop_token.h"
#include "sbert/model/text_model.h"

namespace sbert {

/// What is done with a text that has more tokens than there is room for.
enum class OnLong { kCut, kError };
constexpr auto enum_names(OnLong) {
  return std::to_array<EnumName<OnLong>>({{"cut", OnLong::kCut}, {"error", OnLong::kError}});
}

/// How many texts were tokenized, and how many of them were cut.
struct TokenizedTexts {
  std::int64_t texts = 0;
  std::int64_t cut = 0;
};

/// What belongs to one call of an embedder.
struct EmbedCall {
  std::string prompt;           ///< put before each text
  std::int64_t max_length = 0;  ///< tokens a text is cut to; 0: the model's
  StopToken stop{};
  /// Told how many texts were finished since the last call, from any thread.
  std::function<void(std::int64_t)> on_progress{};
  OnLong on_long = OnLong::kCut;
  /// Told of texts when they have been tokenized, from the thread of the call. Those whose
  /// embeddings come from a cache are not among them.
  std::function<void(const TokenizedTexts&)> on_tokenized{};
  bool is_probe = false;  ///< the texts are not the user's: who counts those leaves them out
};

/// Texts to embeddings. Who needs embeddings takes this: of the CPU (PackedEmbedder), of a GPU
/// (TorchEmbedder), shared with other processes (SharedEmbedder) or kept on disk
/// (CachedEmbedder).
class TextEmbedder {
 public:
  virtual ~TextEmbedder() = default;

  /// Several threads may call it at once, unless a class says otherwise.
  /// @return [N, width()] in the order of `texts`
  /// @throws Error(kUsage) if max_length is above the model's limit; Error(kCancelled) when a stop
  ///         is requested; Error(kInput) naming the first text whose embedding is not finite, or
  ///         which is too long where on_long says so
  virtual FloatMatrix embed(std::span<const std::string> texts, const EmbedCall& call) const = 0;

  virtual std::int64_t width() const = 0;
  virtual const ModelCard& card() const = 0;
  /// Whether it gives embeddings length 1.
  virtual bool normalizes() const = 0;
  /// Processes that share the work: callers hand over that many times more texts at once.
  virtual int num_processes() const { return 1; }
};

}  // namespace sbert
