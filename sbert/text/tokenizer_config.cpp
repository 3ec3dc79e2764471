#include "sbert/text/tokenizer_config.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/text/json_fields.h"
#include "sbert/text/special_tokens.h"

namespace sbert {
namespace {

using nlohmann::json;

constexpr const char* kConfig = "tokenizer_config.json";
constexpr const char* kMap = "special_tokens_map.json";
constexpr const char* kAddedTokens = "added_tokens.json";

// Larger values stand for "no limit": transformers writes 10^30.
constexpr double kMaxModelLength = 1e9;

std::int64_t read_length(const json& root, const char* key) {
  const json& value = field(root, key);
  if (value.is_null()) return 0;
  if (!value.is_number() || value.get<double>() < 1) {
    fail(ErrorKind::kInput, concat(key, " must be a number of at least 1: ", value.dump()));
  }
  const auto length = value.get<double>();
  return length > kMaxModelLength ? 0 : static_cast<std::int64_t>(length);
}

std::optional<bool> read_side(const json& root, const char* key) {
  const std::optional<std::string> side = read_string(root, key);
  if (!side) return std::nullopt;
  if (*side != "left" && *side != "right") {
    fail(ErrorKind::kInput, concat(key, " must be right or left: ", *side));
  }
  return *side == "left";
}

json parse_or_empty(std::string_view bytes, const char* file) {
  if (bytes.empty()) return json::object();
  return within(file, [&] { return parse_json_object(bytes); });
}

void read_keys(const json& root, TokenizerConfig& config) {
  check_tokenizer_keys(root, kConfig);
  config.tokenizer_class = read_tokenizer_class(read_string(root, "tokenizer_class"));
  config.do_lower_case = read_bool(root, "do_lower_case");
  config.strip_accents = read_bool(root, "strip_accents");
  config.tokenize_chinese_chars =
      read_bool(root, "tokenize_chinese_chars").value_or(config.tokenize_chinese_chars);
  const bool has_length = root.contains("model_max_length");
  config.model_max_length = read_length(root, has_length ? "model_max_length" : "max_len");
  config.truncates_left = read_side(root, "truncation_side");
}

// special_tokens_map.json goes over tokenizer_config.json, but for lists, which are joined.
json merged(json root, const json& map) {
  for (const auto& [key, value] : map.items()) {
    if (value.is_null()) continue;
    json& known = root[key];
    if (key == "extra_special_tokens" && known.is_array() && value.is_array()) {
      known.insert(known.end(), value.begin(), value.end());
    } else {
      known = value;
    }
  }
  return root;
}

}  // namespace

const AddedToken* find_token(const std::vector<AddedToken>& tokens, std::string_view content) {
  const auto found = std::ranges::find(tokens, content, &AddedToken::content);
  return found == tokens.end() ? nullptr : &*found;
}

TokenizerConfig read_tokenizer_config(const TokenizerConfigFiles& files) {
  const json root = parse_or_empty(files.config, kConfig);
  TokenizerConfig config;
  config.is_there = !files.config.empty();
  within(kConfig, [&] { read_keys(root, config); });
  config.lists_added_tokens = root.contains("added_tokens_decoder");
  if (config.lists_added_tokens) {
    within(kConfig, [&] {
      read_special_tokens(root, config);
      config.added_tokens = within("added_tokens_decoder", [&] {
        return read_added_tokens_decoder(field(root, "added_tokens_decoder"));
      });
    });
    return config;
  }
  const json map = parse_or_empty(files.special_map, kMap);
  within(kMap, [&] { check_tokenizer_keys(map, kMap); });
  // By itself first, so that an error names the file.
  within(kMap, [&] {
    TokenizerConfig of_map;
    read_special_tokens(map, of_map);
  });
  within(kConfig, [&] { read_special_tokens(merged(root, map), config); });
  const json added = parse_or_empty(files.added_tokens, kAddedTokens);
  config.added_tokens =
      within(kAddedTokens, [&] { return read_added_tokens_file(added, config.special_tokens); });
  return config;
}

}  // namespace sbert
