#include "sbert/model/sentence_model.h"

#include <initializer_list>

#include <ATen/ATen.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

constexpr double kMinNorm = 1e-12;  // torch.nn.functional.normalize

std::string first_prompt(const SentenceModel& model,
                         const std::string& name,
                         std::initializer_list<const char*> usual_names) {
  if (!name.empty()) return prompt_text(model, name);
  for (const char* usual : usual_names) {
    if (model.prompts.contains(usual)) return prompt_text(model, usual);
  }
  return prompt_text(model, "");
}

}  // namespace

Tensor embed_batch(const SentenceModel& model,
                   const PackedBatch& batch,
                   const std::optional<DropoutKey>& dropout) {
  return embed_batch(model, model.encoder, batch, dropout);
}

Tensor embed_batch(const SentenceModel& model,
                   const BertEncoder& encoder,
                   const PackedBatch& batch,
                   const std::optional<DropoutKey>& dropout) {
  return pool_and_normalize(model, encoder.forward(batch, dropout), batch);
}

Tensor pool_and_normalize(const SentenceModel& model,
                          const Tensor& tokens,
                          const PackedBatch& batch) {
  Tensor embeddings = pool(model.pooling, tokens, batch);  // [B, H]
  if (!model.normalize) return embeddings;
  return embeddings / embeddings.norm(2, /*dim=*/-1, /*keepdim=*/true).clamp_min(kMinNorm);
}

std::string prompt_text(const SentenceModel& model, const std::string& name) {
  const std::string& wanted = name.empty() ? model.default_prompt_name : name;
  if (wanted.empty()) return "";
  const auto found = model.prompts.find(wanted);
  if (found != model.prompts.end()) return found->second;
  std::string known;
  for (const auto& [each, text] : model.prompts)
    known += concat(known.empty() ? "" : ", ", each);
  fail(ErrorKind::kUsage, concat("the model has no prompt of this name (it has: ",
                                 known.empty() ? "none" : known, "): ", wanted));
}

std::string query_prompt(const SentenceModel& model, const std::string& name) {
  return first_prompt(model, name, {"query"});
}

std::string document_prompt(const SentenceModel& model, const std::string& name) {
  return first_prompt(model, name, {"passage", "document"});
}

}  // namespace sbert
