#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "sbert/base/tensor_fwd.h"
#include "sbert/data/packed_batch.h"
#include "sbert/model/bert_encoder.h"
#include "sbert/model/pooling.h"
#include "sbert/text/tokenizer.h"

namespace sbert {

/// Everything that makes a text's embedding: what a model folder or a .nemo holds.
struct SentenceModel {
  Tokenizer tokenizer;
  BertEncoder encoder;
  Pooling pooling = Pooling::kMean;
  bool normalize = true;                       ///< embeddings have length 1
  std::int64_t max_seq_length = 512;           ///< tokens a text is cut to, special tokens counted
  std::map<std::string, std::string> prompts;  ///< by name: {"query": "query: "}
  std::string default_prompt_name;             ///< empty: no prompt
  std::string similarity = "cosine";           ///< cosine, dot, euclidean or manhattan
};

/// @return [B, H] pooled and, if the model says so, L2-normalized embeddings of the batch, float32
Tensor embed_batch(const SentenceModel& model,
                   const PackedBatch& batch,
                   const std::optional<DropoutKey>& dropout);

/// The same with another encoder in place of the model's own.
Tensor embed_batch(const SentenceModel& model,
                   const BertEncoder& encoder,
                   const PackedBatch& batch,
                   const std::optional<DropoutKey>& dropout);

/// @param tokens [T, H] an encoder's output for the batch
/// @return       [B, H] as embed_batch() makes them of it
Tensor pool_and_normalize(const SentenceModel& model,
                          const Tensor& tokens,
                          const PackedBatch& batch);

/// The text of the named prompt; of the default prompt (possibly "") if the name is empty.
/// @throws Error(kUsage) if the model has no prompt of that name, listing those it has
std::string prompt_text(const SentenceModel& model, const std::string& name);

/// The prompt for questions, or for documents: of that name if one is given; else the model's own
/// "query", or "passage" or "document"; else the default prompt.
/// @throws Error(kUsage) if the model has no prompt of the name that is given
std::string query_prompt(const SentenceModel& model, const std::string& name);
std::string document_prompt(const SentenceModel& model, const std::string& name);

}  // namespace sbert
