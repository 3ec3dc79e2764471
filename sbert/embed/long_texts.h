#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "sbert/embed/text_embedder.h"

namespace sbert {

/// An embedder that does with long texts what the user wants, and says once, when it goes, how many
/// were cut: "214 of 5,000 texts were cut at 256 tokens". Without that line where an exception is
/// on its way.
class LongTextWatch final : public TextEmbedder {
 public:
  /// @param name of the model, before the line; empty where there is only one
  LongTextWatch(std::unique_ptr<TextEmbedder> inner, OnLong on_long, std::string name);
  ~LongTextWatch() override;

  FloatMatrix embed(std::span<const std::string> texts, const EmbedCall& call) const override;
  std::int64_t width() const override { return inner_->width(); }
  const ModelCard& card() const override { return inner_->card(); }
  bool normalizes() const override { return inner_->normalizes(); }
  int num_processes() const override { return inner_->num_processes(); }

 private:
  std::unique_ptr<TextEmbedder> inner_;
  OnLong on_long_;
  std::string name_;
  mutable std::atomic<std::int64_t> texts_ = 0;
  mutable std::atomic<std::int64_t> cut_ = 0;
  mutable std::atomic<std::int64_t> max_length_ = 0;
};

/// @throws Error(kInput) naming the text, which has more tokens than there is room for
[[noreturn]] void refuse_long_text(std::string_view text, std::int64_t max_length);

/// "214 of 5,000 texts were cut at 256 tokens".
std::string cut_texts_line(std::int64_t cut, std::int64_t texts, std::int64_t max_length);

}  // namespace sbert
