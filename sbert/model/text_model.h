#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sbert/model/encoder_spec.h"
#include "sbert/model/pooling.h"
#include "sbert/model/similarity.h"
#include "sbert/model/weights.h"
#include "sbert/text/tokenizer.h"

namespace sbert {

/// y = activation(weight x + bias): a Dense module of sentence-transformers.
struct DenseLayer {
  Weight weight;               ///< [out, in], a floating-point type
  std::optional<Weight> bias;  ///< [out]
  Activation activation = Activation::kTanh;
};

/// Hidden states of a text's tokens to its embedding: pooled, through the Dense layers in their
/// order, normalized.
struct EmbeddingHead {
  Pooling pooling = Pooling::kMean;
  std::vector<DenseLayer> dense;
  bool normalizes = true;  ///< embeddings have length 1
};

/// What users of a model are told of it beside the numbers.
struct ModelCard {
  std::map<std::string, std::string> prompts;  ///< by name: {"query": "query: "}
  std::string default_prompt_name;             ///< empty: no prompt
  Similarity similarity = Similarity::kCosine;
  std::int64_t max_length = 512;  ///< tokens a text is cut to, special tokens counted
};

/// A text-embedding model as data: what a model folder or a .nemo holds. Values only; nobody
/// computes in it. Executors are made from it: PackedEmbedder on the CPU, TorchEncoder for
/// gradients and GPUs.
struct TextModel {
  Tokenizer tokenizer;
  EncoderSpec encoder;
  Weights weights;  ///< in the order of parameter_specs(encoder), under its names
  EmbeddingHead head;
  ModelCard card;
};

/// Width of an embedding: of the last Dense layer, or the encoder's.
std::int64_t embedding_width(const EncoderSpec& encoder, const EmbeddingHead& head);
std::int64_t embedding_width(const TextModel& model);

/// The text of the named prompt; of the default prompt (possibly "") if the name is empty.
/// @throws Error(kUsage) if there is no prompt of that name, listing those there are
std::string prompt_text(const ModelCard& card, const std::string& name);

/// The prompt for queries, or for documents: of that name if one is given; else the model's own
/// "query", or "document", "passage" or "corpus", as in sentence-transformers; else the default
/// prompt. An empty "document" beside a "passage" says nothing: sentence-transformers 5 and 6 put
/// it into every model that they save.
/// @throws Error(kUsage) if there is no prompt of the name that is given
std::string query_prompt(const ModelCard& card, const std::string& name);
std::string document_prompt(const ModelCard& card, const std::string& name);

/// The prompts with the one for documents under both of its names, "document" and "passage":
/// readers look for one of them.
std::map<std::string, std::string> prompts_to_save(const ModelCard& card);

}  // namespace sbert
