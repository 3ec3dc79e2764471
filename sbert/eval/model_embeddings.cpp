#include "sbert/eval/model_embeddings.h"

#include <algorithm>
#include <cmath>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/progress.h"
#include "sbert/embed/embedder.h"

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

void check_finite(const FloatMatrix& embeddings, const std::vector<std::string>& texts) {
  for (std::int64_t i = 0; i < embeddings.rows; ++i) {
    const auto row = embeddings.row(i);
    if (std::all_of(row.begin(), row.end(), [](float value) { return std::isfinite(value); })) {
      continue;
    }
    fail(ErrorKind::kInput, concat("the model's embedding of a text is not finite: \"",
                                   excerpt(texts[static_cast<std::size_t>(i)]), "\""));
  }
}

ModelEmbeddings::ModelEmbeddings(const SentenceModel& model, const ModelEmbeddingsOptions& options)
    : model_(model),
      options_(options),
      query_prompt_(query_prompt(model, options.query_prompt_name)),
      document_prompt_(document_prompt(model, options.document_prompt_name)),
      prompt_(prompt_text(model, options.prompt_name)) {}

const std::string& ModelEmbeddings::prompt(TextRole role) const {
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

std::int64_t ModelEmbeddings::max_length() const {
  return options_.max_length > 0 ? options_.max_length : model_.max_seq_length;
}

std::int64_t ModelEmbeddings::columns() const {
  return model_.encoder.config().hidden_size;
}

FloatMatrix ModelEmbeddings::embed(const std::vector<std::string>& texts,
                                   TextRole role,
                                   const std::function<void(std::int64_t)>& on_progress) const {
  FloatMatrix embeddings = embed_texts(model_, texts,
                                       {.prompt = prompt(role),
                                        .max_length = options_.max_length,
                                        .threads = options_.threads,
                                        .precision = options_.precision,
                                        .group = options_.group,
                                        .service = options_.service,
                                        .on_progress = on_progress});
  check_finite(embeddings, texts);
  return embeddings;
}

FloatMatrix ModelEmbeddings::embed(const std::vector<std::string>& texts, TextRole role) {
  Progress progress("embedding", static_cast<std::int64_t>(texts.size()), "texts");
  return embed(texts, role, [&](std::int64_t count) { progress.advance(count); });
}

}  // namespace sbert
