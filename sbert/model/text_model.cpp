#include "sbert/model/text_model.h"

#include <initializer_list>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

constexpr const char* kDocument = "document";
constexpr const char* kPassage = "passage";

std::string first_prompt(const ModelCard& card,
                         const std::string& name,
                         std::initializer_list<const char*> usual_names) {
  if (!name.empty()) return prompt_text(card, name);
  for (const char* usual : usual_names) {
    if (card.prompts.contains(usual)) return prompt_text(card, usual);
  }
  return prompt_text(card, "");
}

bool is_empty_or_absent(const ModelCard& card, const char* name) {
  const auto found = card.prompts.find(name);
  return found == card.prompts.end() || found->second.empty();
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
  if (is_empty_or_absent(card, kDocument)) {
    return first_prompt(card, name, {kPassage, kDocument, "corpus"});
  }
  return first_prompt(card, name, {kDocument});
}

std::map<std::string, std::string> prompts_to_save(const ModelCard& card) {
  std::map<std::string, std::string> prompts = card.prompts;
  const auto document = prompts.find(kDocument);
  const auto passage = prompts.find(kPassage);
  if (passage != prompts.end() && is_empty_or_absent(card, kDocument)) {
    prompts[kDocument] = passage->second;
  } else if (document != prompts.end()) {
    prompts.emplace(kPassage, document->second);
  }
  return prompts;
}

}  // namespace sbert
