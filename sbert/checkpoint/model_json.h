#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include <nlohmann/json_fwd.hpp>

namespace sbert {

// The small JSON files of a model folder. For texts and booleans see sbert/text/json_fields.h.

/// The object that a file holds; nullopt if there is no such file.
/// @throws Error(kInput) naming the file if it is not one JSON object
std::optional<nlohmann::json> read_optional_json(const std::filesystem::path& path);

/// The values at `key`, null or absent counting as none.
/// @throws Error(kInput) if it is of another type
std::optional<std::int64_t> read_integer(const nlohmann::json& object, const char* key);
std::optional<double> read_number(const nlohmann::json& object, const char* key);

}  // namespace sbert
