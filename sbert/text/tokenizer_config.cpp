#include "sbert/text/tokenizer_config.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/text/json_fields.h"

namespace sbert {
namespace {

using nlohmann::json;

// Larger values stand for "no limit": transformers writes 10^30.
constexpr double kMaxModelLength = 1e9;

void add_token(AddedToken token, std::vector<AddedToken>& tokens) {
  const auto is_same = [&](const AddedToken& other) { return other.content == token.content; };
  if (std::none_of(tokens.begin(), tokens.end(), is_same)) tokens.push_back(std::move(token));
}

// {"100": {"content": "[UNK]", ...}, ...}
std::vector<AddedToken> read_added_tokens_decoder(const json& decoder) {
  std::vector<AddedToken> tokens;
  if (decoder.is_null()) return tokens;
  if (!decoder.is_object()) {
    fail(ErrorKind::kInput, concat("must be an object, not ", decoder.type_name()));
  }
  for (const auto& [key, object] : decoder.items()) {
    within(concat('"', key, '"'), [&, &name = key, &value = object] {
      AddedToken token = read_added_token(value);
      std::uint64_t id = 0;
      const char* name_end = name.data() + name.size();
      const auto [end, error] = std::from_chars(name.data(), name_end, id);
      if (error != std::errc{} || end != name_end) {
        fail(ErrorKind::kInput, "the key of an added token must be its id");
      }
      token.id = read_token_id(id);
      tokens.push_back(std::move(token));
    });
  }
  std::sort(tokens.begin(), tokens.end(),
            [](const AddedToken& a, const AddedToken& b) { return *a.id < *b.id; });
  return tokens;
}

// A special token is written as a string, or as an object with `content` and flags.
std::optional<AddedToken> read_special_token(const json& value) {
  if (value.is_null()) return std::nullopt;
  if (value.is_string() && !value.get_ref<const std::string&>().empty()) {
    return AddedToken{.content = value.get<std::string>(), .normalized = false, .special = true};
  }
  AddedToken token = read_added_token(value);
  token.special = true;
  if (field(value, "normalized").is_null()) token.normalized = false;
  return token;
}

std::int64_t read_model_max_length(const json& value) {
  if (value.is_null()) return 0;
  if (!value.is_number() || value.get<double>() < 1) {
    fail(ErrorKind::kInput,
         concat("model_max_length must be a number of at least 1: ", value.dump()));
  }
  const auto length = value.get<double>();
  return length > kMaxModelLength ? 0 : static_cast<std::int64_t>(length);
}

json parse_or_empty(std::string_view bytes, const char* file) {
  if (bytes.empty()) return json::object();
  return within(file, [&] { return parse_json_object(bytes); });
}

void read_config_keys(const json& root, TokenizerConfig& config) {
  config.do_lower_case = read_bool(root, "do_lower_case");
  config.strip_accents = read_bool(root, "strip_accents");
  config.tokenize_chinese_chars =
      read_bool(root, "tokenize_chinese_chars").value_or(config.tokenize_chinese_chars);
  config.model_max_length = read_model_max_length(field(root, "model_max_length"));
  within("added_tokens_decoder", [&] {
    for (AddedToken& token : read_added_tokens_decoder(field(root, "added_tokens_decoder"))) {
      add_token(std::move(token), config.added_tokens);
    }
  });
}

// One of the special tokens: from tokenizer_config.json, else from special_tokens_map.json, else it
// keeps its usual name.
void read_named_token(const json& root,
                      const json& map,
                      const char* key,
                      std::string& name,
                      std::vector<AddedToken>& tokens) {
  const bool is_in_config = !field(root, key).is_null();
  const char* file = is_in_config ? "tokenizer_config.json" : "special_tokens_map.json";
  const json& value = field(is_in_config ? root : map, key);
  std::optional<AddedToken> token =
      within(file, [&] { return within(key, [&] { return read_special_token(value); }); });
  if (!token) return;
  name = token->content;
  add_token(std::move(*token), tokens);
}

}  // namespace

TokenizerConfig read_tokenizer_config(std::string_view config_bytes, std::string_view map_bytes) {
  const json root = parse_or_empty(config_bytes, "tokenizer_config.json");
  const json map = parse_or_empty(map_bytes, "special_tokens_map.json");
  TokenizerConfig config;
  within("tokenizer_config.json", [&] { read_config_keys(root, config); });
  std::vector<AddedToken>& tokens = config.added_tokens;
  read_named_token(root, map, "unk_token", config.unk_token, tokens);
  read_named_token(root, map, "sep_token", config.sep_token, tokens);
  read_named_token(root, map, "pad_token", config.pad_token, tokens);
  read_named_token(root, map, "cls_token", config.cls_token, tokens);
  read_named_token(root, map, "mask_token", config.mask_token, tokens);
  return config;
}

}  // namespace sbert
