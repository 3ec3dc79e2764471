#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "sbert/text/added_tokens.h"

namespace sbert {

// Typed reading of the tokenizer files. Every error names the key.

/// @throws Error(kInput) if the bytes are not one JSON object
nlohmann::json parse_json_object(std::string_view bytes);

/// The value at `key`; null if there is none.
const nlohmann::json& field(const nlohmann::json& object, const char* key);

/// The value at `key`, null or absent counting as none.
/// @throws Error(kInput) if it is of another type
std::optional<bool> read_bool(const nlohmann::json& object, const char* key);
std::optional<std::string> read_string(const nlohmann::json& object, const char* key);

/// @throws Error(kInput) if `object` is not an object, or its "type" is not `supported`
void require_type(const nlohmann::json& object, std::string_view supported);

/// An added token as both files write it: an object with `content` and flags. Without `normalized`
/// it is normalized unless it is special, as in Hugging Face's AddedToken.
/// @throws Error(kInput)
AddedToken read_added_token(const nlohmann::json& object);

/// A token id: an integer that is not negative and not above kMaxTokenId.
/// @throws Error(kInput)
std::int32_t read_token_id(const nlohmann::json& value);

}  // namespace sbert
