#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sbert/base/matrix.h"
#include "sbert/model/inference_encoder.h"
#include "sbert/model/sentence_model.h"

namespace sbert {

class EmbeddingService;
class ProcessGroup;

struct EmbedOptions {
  std::string prompt;             ///< put before each text
  std::int64_t max_length = 0;    ///< tokens a text is cut to; 0: the model's
  std::int64_t batch_tokens = 0;  ///< tokens of a packed batch; 0: chosen
  int threads = 0;                ///< workers, one packed batch each; 0: every core
  InferencePrecision precision = InferencePrecision::kFloat32;
  /// Processes that share the work, each calling with the same texts and options; null: none.
  ProcessGroup* group = nullptr;
  /// Of a leader whose other processes only embed for it; null: none. Takes the place of `group`.
  const EmbeddingService* service = nullptr;
  /// Told how many texts were finished since the last call, from any worker.
  std::function<void(std::int64_t)> on_progress;
};

/// Embeds texts: sorts them by length, packs them to a token budget, runs one single-threaded
/// worker a core. The vector of a text does not depend on the texts beside it, bit for bit.
/// Making one lays the model's weights out for that; keep it for further calls. On a GPU, larger
/// batches, and vectors that depend on them in their last bits.
class Embedder {
 public:
  /// @param model   outlives this object, and does not change meanwhile
  /// @throws Error(kUsage) if the options are out of the model's range, or ask for int8 of a model
  /// that is not float32 on the CPU
  Embedder(const SentenceModel& model, EmbedOptions options);

  /// @return [N, H] in the order of `texts`
  /// @throws Error(kCancelled) when a stop is asked for
  FloatMatrix operator()(const std::vector<std::string>& texts) const;

 private:
  FloatMatrix embed_here(const std::vector<std::string>& texts) const;
  Tensor embed(const PackedBatch& batch) const;
  void embed_members(const std::vector<std::vector<std::int32_t>>& lists,
                     std::span<const std::size_t> members,
                     std::size_t first_row,
                     FloatMatrix& result) const;

  const SentenceModel& model_;
  EmbedOptions options_;
  std::optional<InferenceEncoder> encoder_;  // none: the model's own runs
};

/// Embedder(model, options)(texts)
FloatMatrix embed_texts(const SentenceModel& model,
                        const std::vector<std::string>& texts,
                        const EmbedOptions& options);

}  // namespace sbert
