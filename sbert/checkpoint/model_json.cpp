#include "sbert/checkpoint/model_json.h"

#include <string>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/text/json_fields.h"

namespace sbert {
namespace {

using nlohmann::json;

}  // namespace

std::optional<json> read_optional_json(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return std::nullopt;
  const std::string text = read_file(path);
  return within(path.native(), [&] { return parse_json_object(text); });
}

std::optional<std::int64_t> read_integer(const json& object, const char* key) {
  const json& value = field(object, key);
  if (value.is_null()) return std::nullopt;
  const bool is_too_large = value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX;
  if (!value.is_number_integer() || is_too_large) {
    fail(ErrorKind::kInput, concat(key, " must be an integer of 64 bits, not ",
                                   value.is_number() ? value.dump() : value.type_name()));
  }
  return value.get<std::int64_t>();
}

std::optional<double> read_number(const json& object, const char* key) {
  const json& value = field(object, key);
  if (value.is_null()) return std::nullopt;
  if (!value.is_number()) {
    fail(ErrorKind::kInput, concat(key, " must be a number, not ", value.type_name()));
  }
  return value.get<double>();
}

}  // namespace sbert
