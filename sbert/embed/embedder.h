#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sbert/base/matrix.h"
#include "sbert/model/sentence_model.h"

namespace sbert {

class ProcessGroup;

struct EmbedOptions {
  std::string prompt;             ///< put before each text
  std::int64_t max_length = 0;    ///< tokens a text is cut to; 0: the model's
  std::int64_t batch_tokens = 0;  ///< tokens of a packed batch; 0: chosen
  int threads = 0;                ///< workers, one packed batch each; 0: every core
  /// Processes that share the work, each calling with the same texts and options; null: none.
  ProcessGroup* group = nullptr;
  /// Told how many texts were finished since the last call, from any worker.
  std::function<void(std::int64_t)> on_progress;
};

/// Embeds texts: sorts them by length, packs them to a token budget, runs one single-threaded
/// worker a core. The vector of a text does not depend on the texts beside it, bit for bit.
///
/// @return [N, H] in the order of `texts`
/// @throws Error(kCancelled) when a stop is asked for
FloatMatrix embed_texts(const SentenceModel& model,
                        const std::vector<std::string>& texts,
                        const EmbedOptions& options);

}  // namespace sbert
