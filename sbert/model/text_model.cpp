#include "sbert/model/text_model.h"

#include <initializer_list>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

std::string first_prompt(const ModelCard& card,
                         const std::string& name,
                         std::initializer_list<const char*> usual_names) {
  if (!name.empty()) return prompt_text(card, name);
  for (const char* usual : usual_names) {
    if (card.prompts.contains(usual)) return prompt_text(card, usual);
  }
  return prompt_text(card, "");
}

}  // namespace

std::int64_t embedding_width(const EncoderSpec& encoder, const EmbeddingHead& head) {
  return head.dense.empty() ? encoder.width : head.dense.back().weight.shape.at(0);
}

std::int64_t embedding_width(const TextModel& model) {
  return embedding_width(model.encoder, model.head);
}

std::string prompt_text(const ModelCard& card, const std::string& name) {
  const std::string& wanted = name.empty() ? card.default_prompt_name : name;
  if (wanted.empty()) return "";
  const auto found = card.prompts.find(wanted);
  if (found != card.prompts.end()) return found->second;
  std::string known;
  for (const auto& [each, text] : card.prompts)
    known += concat(known.empty() ? "" : ", ", each);
  fail(ErrorKind::kUsage, concat("the model has no prompt of this name (it has: ",
                                 known.empty() ? "none" : known, "): ", wanted));
}

std::string query_prompt(const ModelCard& card, const std::string& name) {
  return first_prompt(card, name, {"query"});
}

std::string document_prompt(const ModelCard& card, const std::string& name) {
  return first_prompt(card, name, {"passage", "document"});
}

}  // namespace sbert
