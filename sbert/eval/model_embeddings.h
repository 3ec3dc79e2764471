#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sbert/eval/evaluation.h"
#include "sbert/model/inference_encoder.h"
#include "sbert/model/sentence_model.h"

namespace sbert {

class EmbeddingService;
class ProcessGroup;

struct ModelEmbeddingsOptions {
  std::string query_prompt_name;     ///< before queries; empty: as query_prompt()
  std::string document_prompt_name;  ///< before documents; empty: as document_prompt()
  std::string prompt_name;           ///< before all other texts; empty: the default prompt
  std::int64_t max_length = 0;       ///< tokens a text is cut to; 0: the model's
  int threads = 0;                   ///< 0: every core
  InferencePrecision precision = InferencePrecision::kFloat32;
  ProcessGroup* group = nullptr;              ///< processes that share the encoding; null: none
  const EmbeddingService* service = nullptr;  ///< as EmbedOptions::service
};

/// Embeddings straight from a model, with a line of progress on stderr.
class ModelEmbeddings final : public EmbeddingSource {
 public:
  /// @param model outlives this object
  /// @throws Error(kUsage) if the model has no prompt of a name that is given
  explicit ModelEmbeddings(const SentenceModel& model, const ModelEmbeddingsOptions& options = {});

  FloatMatrix embed(const std::vector<std::string>& texts, TextRole role) override;
  std::string similarity() const override { return model_.similarity; }

  /// The same without the line of progress; tells how many texts were finished since the last call.
  FloatMatrix embed(const std::vector<std::string>& texts,
                    TextRole role,
                    const std::function<void(std::int64_t)>& on_progress) const;

  const std::string& prompt(TextRole role) const;
  std::int64_t max_length() const;  ///< in tokens
  std::int64_t columns() const;     ///< of an embedding

 private:
  const SentenceModel& model_;
  ModelEmbeddingsOptions options_;
  std::string query_prompt_;
  std::string document_prompt_;
  std::string prompt_;
};

/// The beginning of a text for a message, on one line and cut between characters.
std::string excerpt(std::string_view text);

/// @throws Error(kInput) naming the first text whose embedding has a value that is not finite
void check_finite(const FloatMatrix& embeddings, const std::vector<std::string>& texts);

}  // namespace sbert
