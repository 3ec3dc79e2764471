#include "sbert/eval/role_embedder.h"

#include <optional>

#include "sbert/base/progress.h"

namespace sbert {
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
  return embedder_.embed(texts, call);
}

}  // namespace sbert
