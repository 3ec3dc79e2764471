#pragma once

#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "sbert/text/added_tokens.h"
#include "sbert/text/tokenizer_config.h"

namespace sbert {

// The special tokens among the keys of tokenizer_config.json and special_tokens_map.json.

/// Takes those that `root` names to `config`: bos_token, eos_token, unk_token, ..., any other
/// "..._token", and the lists of further ones.
/// @throws Error(kInput) naming the key
void read_special_tokens(const nlohmann::json& root, TokenizerConfig& config);

/// The tokens of an added_tokens_decoder, {"100": {"content": "[UNK]", ...}, ...}, by rising id.
/// @throws Error(kInput)
std::vector<AddedToken> read_added_tokens_decoder(const nlohmann::json& decoder);

/// The tokens of an added_tokens.json, {"[UNK]": 100, ...}, by rising id. Those among `special`
/// are special.
/// @throws Error(kInput)
std::vector<AddedToken> read_added_tokens_file(const nlohmann::json& root,
                                               const std::vector<AddedToken>& special);

}  // namespace sbert
