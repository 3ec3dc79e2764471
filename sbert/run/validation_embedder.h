#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "sbert/embed/text_embedder.h"

namespace sbert {

/// What a validation embeds with: the texts of the loss are kept, so that the ranking, which has
/// most of them in its corpus, does not embed them again. All calls are of one max_length. One
/// thread at a time.
class ValidationEmbedder final : public TextEmbedder {
 public:
  /// @param inner outlives this object
  explicit ValidationEmbedder(const TextEmbedder& inner);

  /// Embeds each distinct text once and keeps the embeddings.
  /// @return [N, width()] in the order of `texts`
  FloatMatrix remember(std::span<const std::string> texts, const EmbedCall& call);
  FloatMatrix embed(std::span<const std::string> texts, const EmbedCall& call) const override;

  std::int64_t width() const override { return inner_.width(); }
  /// The model's own, with the cosine in place of the Manhattan distance, by which documents are
  /// not ranked.
  const ModelCard& card() const override { return card_; }
  bool normalizes() const override { return inner_.normalizes(); }
  int num_processes() const override { return inner_.num_processes(); }

 private:
  const TextEmbedder& inner_;
  ModelCard card_;
  std::unordered_map<std::string, std::int64_t> rows_;  // of prompt and text, in known_
  FloatMatrix known_;
};

}  // namespace sbert
