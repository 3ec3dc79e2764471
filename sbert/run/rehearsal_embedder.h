#pragma once

#include "sbert/embed/text_embedder.h"

namespace sbert {

/// Vectors that cost nothing, for a rehearsal of what is measured later: each text has one of
/// length 1 that its characters draw and that means nothing. Any thread.
class RehearsalEmbedder final : public TextEmbedder {
 public:
  /// @param card outlives this object
  RehearsalEmbedder(const ModelCard& card, std::int64_t width) : card_(card), width_(width) {}

  FloatMatrix embed(std::span<const std::string> texts, const EmbedCall& call) const override;
  std::int64_t width() const override { return width_; }
  const ModelCard& card() const override { return card_; }
  bool normalizes() const override { return true; }

 private:
  const ModelCard& card_;
  std::int64_t width_;
};

}  // namespace sbert
