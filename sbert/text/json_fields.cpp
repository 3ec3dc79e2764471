#include "sbert/text/json_fields.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/file_content.h"
#include "sbert/text/wordpiece.h"

namespace sbert {
namespace {

using nlohmann::json;

[[noreturn]] void fail_type(const char* key, const char* wanted, const json& value) {
  fail(ErrorKind::kInput, concat(key, " must be ", wanted, ", not ", value.type_name()));
}

}  // namespace

json parse_json_object(std::string_view bytes) {
  refuse_stand_in(bytes);
  json value;
  try {
    value = json::parse(bytes);
  } catch (const json::exception& error) {
    fail(ErrorKind::kInput, concat("not valid JSON: ", error.what()));
  }
  if (!value.is_object()) {
    fail(ErrorKind::kInput, concat("must be a JSON object, not ", value.type_name()));
  }
  return value;
}

const json& field(const json& object, const char* key) {
  static const json kNone;
  const auto found = object.find(key);
  return found == object.end() ? kNone : *found;
}

std::optional<bool> read_bool(const json& object, const char* key) {
  const json& value = field(object, key);
  if (value.is_null()) return std::nullopt;
  if (!value.is_boolean()) fail_type(key, "true or false", value);
  return value.get<bool>();
}

std::optional<std::string> read_string(const json& object, const char* key) {
  const json& value = field(object, key);
  if (value.is_null()) return std::nullopt;
  if (!value.is_string()) fail_type(key, "a string", value);
  return value.get<std::string>();
}

void require_type(const json& object, std::string_view supported) {
  const std::string type =
      object.is_object() ? read_string(object, "type").value_or("none") : object.type_name();
  if (type == supported) return;
  fail(ErrorKind::kInput, concat("only ", supported, " is supported, not ", type));
}

AddedToken read_added_token(const json& object) {
  if (!object.is_object()) {
    fail(ErrorKind::kInput, concat("must be an object, not ", object.type_name()));
  }
  AddedToken token;
  std::optional<std::string> content = read_string(object, "content");
  if (!content || content->empty()) fail(ErrorKind::kInput, "content is missing or empty");
  token.content = std::move(*content);
  if (const json& id = field(object, "id"); !id.is_null()) token.id = read_token_id(id);
  token.single_word = read_bool(object, "single_word").value_or(false);
  token.lstrip = read_bool(object, "lstrip").value_or(false);
  token.rstrip = read_bool(object, "rstrip").value_or(false);
  token.special = read_bool(object, "special").value_or(false);
  token.normalized = read_bool(object, "normalized").value_or(!token.special);
  return token;
}

std::int32_t read_token_id(const json& value) {
  const bool fits = value.is_number_unsigned() &&
                    value.get<std::uint64_t>() <= static_cast<std::uint64_t>(kMaxTokenId);
  if (!fits) {
    fail(ErrorKind::kInput,
         concat("a token id must be an integer from 0 to ", kMaxTokenId, ": ", value.dump()));
  }
  return value.get<std::int32_t>();
}

}  // namespace sbert
