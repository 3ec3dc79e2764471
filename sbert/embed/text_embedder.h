#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "sbert/base/matrix.h"
#include "sbert/base/stop_token.h"
#include "sbert/model/text_model.h"

namespace sbert {

/// What belongs to one call of an embedder.
struct EmbedCall {
  std::string prompt;           ///< put before each text
  std::int64_t max_length = 0;  ///< tokens a text is cut to; 0: the model's
  StopToken stop{};
  /// Told how many texts were finished since the last call, from any thread.
  std::function<void(std::int64_t)> on_progress{};
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
  ///         is requested; Error(kInput) naming the first text whose embedding is not finite
  virtual FloatMatrix embed(std::span<const std::string> texts, const EmbedCall& call) const = 0;

  virtual std::int64_t width() const = 0;
  virtual const ModelCard& card() const = 0;
  /// Whether it gives embeddings length 1.
  virtual bool normalizes() const = 0;
  /// Processes that share the work: callers hand over that many times more texts at once.
  virtual int num_processes() const { return 1; }
};

}  // namespace sbert
