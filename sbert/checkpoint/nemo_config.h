#pragma once

// model_config.yaml of a .nemo archive: NeMo 1.23's keys for its sentence-BERT, and the group
// `sbert` for what they cannot say. Keys that mean nothing to an embedding are written with NeMo's
// defaults, so that NeMo restores the archive.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "sbert/base/field.h"

namespace sbert {

struct NemoTokenizer {
  std::string library = "huggingface";
  std::string type = "bert-base-uncased";  ///< a name on the Hugging Face hub
  std::optional<std::string> model;
  std::optional<std::string> vocab_file;  ///< "nemo:<member>"
  std::optional<std::string> merge_file;

  static constexpr auto fields() {
    using Self = NemoTokenizer;
    return std::tuple{
        field("library", &Self::library, "where the tokenizer comes from"),
        field("type", &Self::type, "its name there"),
        field("model", &Self::model, "sentencepiece model"),
        field("vocab_file", &Self::vocab_file, "vocabulary, a member of the archive"),
        field("merge_file", &Self::merge_file, "merges of a byte-pair encoding"),
    };
  }
};

/// What NeMo has no key for.
struct SbertSection {
  std::int64_t version = 1;
  std::int64_t vocab_size = 0;  ///< 0: the archive is not ours
  std::int64_t type_vocab_size = 0;
  std::string hidden_act = "gelu";
  double attention_dropout = 0.1;
  std::string pooling = "mean";
  bool normalize = true;
  std::int64_t max_seq_length = 0;  ///< 0: not said
  std::map<std::string, std::string> prompts;
  std::string default_prompt_name;
  std::string similarity = "cosine";
  std::map<std::string, std::string> tokenizer_files;  ///< name: "nemo:<member>"

  static constexpr auto fields() {
    using Self = SbertSection;
    return std::tuple{
        field("version", &Self::version, "of this group's form"),
        field("vocab_size", &Self::vocab_size, "rows of the vocabulary without padding"),
        field("type_vocab_size", &Self::type_vocab_size, "token types without padding"),
        field("hidden_act", &Self::hidden_act, "activation, by Hugging Face's name"),
        field("attention_dropout", &Self::attention_dropout, "in training"),
        field("pooling", &Self::pooling, "token vectors to text vector"),
        field("normalize", &Self::normalize, "embeddings have length 1"),
        field("max_seq_length", &Self::max_seq_length, "tokens a text is cut to"),
        field("prompts", &Self::prompts, "texts put before a text, by name"),
        field("default_prompt_name", &Self::default_prompt_name, "prompt used if none is named"),
        field("similarity", &Self::similarity, "how embeddings are compared"),
        field("tokenizer_files", &Self::tokenizer_files, "members with the tokenizer's files"),
    };
  }
};

/// The keys that an archive is read by. The rest of model_config.yaml is written by
/// format_nemo_config() and ignored in reading.
struct NemoConfig {
  std::int64_t num_layers = 0;
  std::int64_t hidden_size = 0;
  std::int64_t ffn_hidden_size = 0;
  std::int64_t num_attention_heads = 0;
  double layernorm_epsilon = 1e-5;
  double hidden_dropout = 0.1;
  bool megatron_legacy = true;
  bool mcore_bert = false;
  std::string transformer_block_type = "post_ln";
  std::string activation = "gelu";
  std::optional<bool> bias_gelu_fusion;
  std::optional<bool> bias_activation_fusion;
  std::optional<bool> openai_gelu;
  NemoTokenizer tokenizer;
  SbertSection sbert;

  static constexpr auto fields() {
    using Self = NemoConfig;
    return std::tuple{
        field("num_layers", &Self::num_layers, "transformer layers"),
        field("hidden_size", &Self::hidden_size, "width"),
        field("ffn_hidden_size", &Self::ffn_hidden_size, "width within the feed-forward part"),
        field("num_attention_heads", &Self::num_attention_heads, "heads a layer"),
        field("layernorm_epsilon", &Self::layernorm_epsilon, "added to the variance"),
        field("hidden_dropout", &Self::hidden_dropout, "in training"),
        field("megatron_legacy", &Self::megatron_legacy, "query, key and value in three blocks"),
        field("mcore_bert", &Self::mcore_bert, "weights named as in Megatron Core"),
        field("transformer_block_type", &Self::transformer_block_type, "place of layer norms"),
        field("activation", &Self::activation, "of the feed-forward part"),
        field("bias_gelu_fusion", &Self::bias_gelu_fusion, "GELU by its tanh form; default true"),
        field("bias_activation_fusion", &Self::bias_activation_fusion,
              "the same for Megatron Core"),
        field("openai_gelu", &Self::openai_gelu, "GELU by its tanh form, not fused"),
        field("tokenizer", &Self::tokenizer, "the tokenizer"),
        field("sbert", &Self::sbert, "what the other keys cannot say"),
    };
  }
};

/// @throws Error(kInput) naming the key that is wrong, or what is not supported
NemoConfig parse_nemo_config(std::string_view yaml);

/// Whether NeMo computes GELU by its tanh form: it does where the bias is fused with it, the
/// default.
bool has_tanh_gelu(const NemoConfig& config);

/// All keys that NeMo's restore wants.
/// @param max_position_embeddings rows of the position embeddings
/// @param vocab_multiple          make_vocab_size_divisible_by
/// @param precision               NeMo's word for it: "32", "bf16" or "16"
std::string format_nemo_config(const NemoConfig& config,
                               std::int64_t max_position_embeddings,
                               std::int64_t vocab_multiple,
                               std::string_view precision);

}  // namespace sbert
