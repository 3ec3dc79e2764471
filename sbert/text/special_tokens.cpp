#include "sbert/text/special_tokens.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/text/json_fields.h"

namespace sbert {
namespace {

using nlohmann::json;

// The named tokens in the order in which transformers adds them; where a name is kept.
struct NamedToken {
  const char* key;
  std::string TokenizerConfig::* name;
};
constexpr std::array<NamedToken, 7> kNamedTokens = {{
    {"bos_token", nullptr},
    {"eos_token", nullptr},
    {"unk_token", &TokenizerConfig::unk_token},
    {"sep_token", &TokenizerConfig::sep_token},
    {"pad_token", &TokenizerConfig::pad_token},
    {"cls_token", &TokenizerConfig::cls_token},
    {"mask_token", &TokenizerConfig::mask_token},
}};

bool is_named(std::string_view key) {
  return std::ranges::any_of(kNamedTokens, [&](const NamedToken& each) { return each.key == key; });
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

// A token that is known keeps its flags.
std::optional<std::string> take(const json& value, TokenizerConfig& config) {
  std::optional<AddedToken> token = read_special_token(value);
  if (!token) return std::nullopt;
  std::string content = token->content;
  if (find_token(config.special_tokens, content) == nullptr) {
    config.special_tokens.push_back(std::move(*token));
  }
  return content;
}

// Further tokens: a list, or an object that gives each a name.
void take_list(const json& root, const char* key, TokenizerConfig& config) {
  const json& list = field(root, key);
  if (list.is_null()) return;
  within(key, [&] {
    if (!list.is_array() && !list.is_object()) {
      fail(ErrorKind::kInput, concat("must be an array or an object, not ", list.type_name()));
    }
    for (const json& value : list)
      take(value, config);
  });
}

void sort_by_id(std::vector<AddedToken>& tokens) {
  std::ranges::stable_sort(tokens, {}, [](const AddedToken& token) { return *token.id; });
}

}  // namespace

void read_special_tokens(const json& root, TokenizerConfig& config) {
  for (const NamedToken& named : kNamedTokens) {
    const std::optional<std::string> content =
        within(named.key, [&] { return take(field(root, named.key), config); });
    if (content && named.name != nullptr) config.*named.name = *content;
  }
  for (const auto& [key, value] : root.items()) {
    if (is_named(key) || !names_special_token(key, value)) continue;
    within(key, [&, &token = value] { take(token, config); });
  }
  take_list(root, "model_specific_special_tokens", config);
  const json& extra = field(root, "extra_special_tokens");
  const bool has_extra = !extra.is_null() && !extra.empty();
  take_list(root, has_extra ? "extra_special_tokens" : "additional_special_tokens", config);
}

std::vector<AddedToken> read_added_tokens_decoder(const json& decoder) {
  std::vector<AddedToken> tokens;
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
  sort_by_id(tokens);
  return tokens;
}

std::vector<AddedToken> read_added_tokens_file(const json& root,
                                               const std::vector<AddedToken>& special) {
  std::vector<AddedToken> tokens;
  for (const auto& [content, id] : root.items()) {
    within(concat('"', content, '"'), [&, &text = content, &value = id] {
      if (text.empty()) fail(ErrorKind::kInput, "an added token must not be empty");
      const bool is_special = find_token(special, text) != nullptr;
      tokens.push_back({.content = text,
                        .id = read_token_id(value),
                        .normalized = !is_special,
                        .special = is_special});
    });
  }
  sort_by_id(tokens);
  return tokens;
}

}  // namespace sbert
