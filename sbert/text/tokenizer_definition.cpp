#include "sbert/text/tokenizer_definition.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/log.h"

namespace sbert {
namespace {

// Sets a value of tokenizer.json to that of tokenizer_config.json, and says so where they differ.
void take_setting(const char* key, bool value, bool& setting) {
  if (setting != value) {
    log_warning(concat("tokenizer.json says ", key, " ", setting, ", ", "tokenizer_config.json ",
                       value, ", which is taken, as transformers does"));
  }
  setting = value;
}

void check_same(const char* what, const std::string& of_json, const std::string& of_config) {
  if (of_json == of_config) return;
  fail(ErrorKind::kInput,
       concat("the ", what, " must be that of tokenizer_config.json, ", of_config, ": ", of_json));
}

// Each token once: those of `added` go over those of `tokens`.
void join(const std::vector<AddedToken>& added, std::vector<AddedToken>& tokens) {
  for (const AddedToken& token : added) {
    const auto known = std::ranges::find(tokens, token.content, &AddedToken::content);
    if (known == tokens.end()) {
      tokens.push_back(token);
    } else {
      *known = token;
    }
  }
  std::ranges::stable_sort(tokens, {}, [](const AddedToken& token) {
    return token.id.value_or(std::numeric_limits<std::int32_t>::max());
  });
}

void add_new(const std::vector<AddedToken>& special, std::vector<AddedToken>& tokens) {
  for (const AddedToken& token : special) {
    if (find_token(tokens, token.content) == nullptr) tokens.push_back(token);
  }
}

// The five names of BERT are special where the vocabulary has them, also if no file says so.
void add_usual_tokens(const TokenizerConfig& config, TokenizerDefinition& definition) {
  for (const std::string* name : {&config.unk_token, &config.sep_token, &config.pad_token,
                                  &config.cls_token, &config.mask_token}) {
    if (find_token(definition.added_tokens, *name) != nullptr) continue;
    const auto is_name = [&](const auto& piece) { return piece.first == *name; };
    if (std::ranges::none_of(definition.vocabulary, is_name)) continue;
    definition.added_tokens.push_back({.content = *name, .normalized = false, .special = true});
  }
}

void check_all_are_listed(const std::vector<AddedToken>& tokens,
                          const std::vector<AddedToken>& listed) {
  for (const AddedToken& token : tokens) {
    if (find_token(listed, token.content) != nullptr) continue;
    fail(ErrorKind::kInput, concat("added_tokens: \"", token.content,
                                   "\" is not in the added_tokens_decoder of "
                                   "tokenizer_config.json"));
  }
}

}  // namespace

BertNormalizerOptions bert_normalizer(const TokenizerConfig& config) {
  const bool lowercase = config.do_lower_case.value_or(true);
  return {.handle_chinese_chars = config.tokenize_chinese_chars,
          .strip_accents = config.strip_accents.value_or(lowercase),
          .lowercase = lowercase};
}

void add_bert_tokens(const TokenizerConfig& config, TokenizerDefinition& definition) {
  join(config.added_tokens, definition.added_tokens);
  add_new(config.special_tokens, definition.added_tokens);
  add_usual_tokens(config, definition);
}

void apply_config(const TokenizerConfig& config, TokenizerDefinition& definition) {
  definition.truncates_left = config.truncates_left.value_or(definition.truncates_left);
  if (!config.is_there || config.tokenizer_class == TokenizerClass::kGeneric) {
    join(config.added_tokens, definition.added_tokens);
    add_new(config.special_tokens, definition.added_tokens);
    return;
  }
  const BertNormalizerOptions wanted = bert_normalizer(config);
  BertNormalizerOptions& normalizer = definition.normalizer;
  if (!normalizer.clean_text) {
    fail(ErrorKind::kInput,
         "normalizer: clean_text must be true, as it always is of the "
         "BertTokenizer of tokenizer_config.json");
  }
  take_setting("lowercase", wanted.lowercase, normalizer.lowercase);
  take_setting("strip_accents", wanted.strip_accents, normalizer.strip_accents);
  take_setting("handle_chinese_chars", wanted.handle_chinese_chars,
               normalizer.handle_chinese_chars);
  check_same("unk_token of the model", definition.model.unk_token, config.unk_token);
  check_same("special token before a text", definition.cls_token, config.cls_token);
  check_same("special token behind a text", definition.sep_token, config.sep_token);
  const std::vector<AddedToken> of_json = definition.added_tokens;
  if (config.lists_added_tokens) definition.added_tokens.clear();
  add_bert_tokens(config, definition);
  check_all_are_listed(of_json, definition.added_tokens);
}

}  // namespace sbert
