#include "sbert/eval/role_embedder.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/progress.h"

namespace sbert {
namespace {

constexpr std::size_t kExcerptBytes = 80;

bool continues_a_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

}  // namespace

std::string excerpt(std::string_view text) {
  std::size_t end = std::min(text.size(), kExcerptBytes);
  while (end > 0 && end < text.size() && continues_a_character(text[end]))
    --end;
  std::string line(text.substr(0, end));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return end < text.size() ? line + "..." : line;
}

void check_finite(const FloatMatrix& embeddings, std::span<const std::string> texts) {
  for (std::int64_t i = 0; i < embeddings.rows; ++i) {
    const auto row = embeddings.row(i);
    if (std::all_of(row.begin(), row.end(), [](float value) { return std::isfinite(value); })) {
      continue;
    }
    fail(ErrorKind::kInput, concat("the model's embedding of a text is not finite: \"",
                                   excerpt(texts[static_cast<std::size_t>(i)]), "\""));
  }
}

RoleEmbedder::RoleEmbedder(const TextEmbedder& embedder,
                           const RoleOptions& options,
                           const ComputeContext& context)
    : embedder_(embedder),
      context_(context),
      max_length_(options.max_length),
      shows_progress_(options.shows_progress),
      query_prompt_(query_prompt(embedder.card(), options.query_prompt_name)),
      document_prompt_(document_prompt(embedder.card(), options.document_prompt_name)),
      prompt_(prompt_text(embedder.card(), options.prompt_name)) {}

const std::string& RoleEmbedder::prompt(TextRole role) const {
  switch (role) {
    case TextRole::kQuery:
      return query_prompt_;
    case TextRole::kDocument:
      return document_prompt_;
    case TextRole::kSymmetric:
      break;
  }
  return prompt_;
}

FloatMatrix RoleEmbedder::embed(std::span<const std::string> texts, TextRole role) const {
  std::optional<Progress> progress;
  EmbedCall call{.prompt = prompt(role), .max_length = max_length_, .stop = context_.stop};
  if (shows_progress_) {
    progress.emplace("embedding", std::ssize(texts), "texts");
    call.on_progress = [&](std::int64_t count) { progress->advance(count); };
  }
  FloatMatrix embeddings = embedder_.embed(texts, call);
  check_finite(embeddings, texts);
  return embeddings;
}

}  // namespace sbert
