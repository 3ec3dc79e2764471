#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include <nlohmann/json_fwd.hpp>

namespace sbert {

/// What sentence_bert_config.json says of a Transformer module.
struct TransformerSettings {
  std::optional<std::int64_t> max_seq_length{};  ///< tokens a text is cut to
  bool do_lower_case = false;                    ///< lower-case texts before the tokenizer
};

/// Reads the settings as sentence-transformers 6.2 heeds them, its older names of keys included.
/// @throws Error(kInput) naming the key that is wrong, not supported or not known
TransformerSettings read_transformer_settings(const nlohmann::json& config);

/// The file of the settings in the folder of a Transformer module: sentence_bert_config.json, or
/// one of the names that it had in early versions; nullopt if there is none.
std::optional<std::filesystem::path> find_transformer_settings(const std::filesystem::path& folder);

}  // namespace sbert
