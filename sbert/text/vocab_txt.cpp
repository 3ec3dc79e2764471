#include <algorithm>
#include <unordered_map>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/text/tokenizer_definition.h"
#include "sbert/text/utf8.h"

namespace sbert {
namespace {

// Lines end with \n, \r\n or \r, as Python's text files read them.
std::vector<std::string_view> split_lines(std::string_view bytes) {
  std::vector<std::string_view> lines;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find_first_of("\r\n");
    lines.push_back(bytes.substr(0, end));
    if (end == std::string_view::npos) break;
    bytes.remove_prefix(end + (bytes.substr(end).starts_with("\r\n") ? 2 : 1));
  }
  return lines;
}

using IndexOfPiece = std::unordered_map<std::string_view, std::size_t>;

WordPiece::Vocabulary read_vocabulary(std::string_view bytes, IndexOfPiece& index_of) {
  WordPiece::Vocabulary vocabulary;
  const std::vector<std::string_view> lines = split_lines(bytes);
  if (lines.size() > static_cast<std::size_t>(kMaxTokenId)) {
    fail(ErrorKind::kInput, concat("more than ", kMaxTokenId, " lines: ", lines.size()));
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!is_valid_utf8(lines[i])) {
      fail(ErrorKind::kInput, concat("line ", i + 1, ": not valid UTF-8"));
    }
    const auto id = static_cast<std::int32_t>(i);
    const auto [known, is_new] = index_of.try_emplace(lines[i], vocabulary.size());
    if (is_new) {
      vocabulary.emplace_back(lines[i], id);
    } else {
      vocabulary[known->second].second = id;
    }
  }
  return vocabulary;
}

bool is_among(const std::vector<AddedToken>& tokens, std::string_view content) {
  return std::any_of(tokens.begin(), tokens.end(),
                     [&](const AddedToken& token) { return token.content == content; });
}

}  // namespace

TokenizerDefinition read_vocab_txt(std::string_view bytes, const TokenizerConfig& config) {
  TokenizerDefinition definition;
  IndexOfPiece index_of;
  definition.vocabulary = read_vocabulary(bytes, index_of);
  definition.model.unk_token = config.unk_token;
  const bool lowercase = config.do_lower_case.value_or(true);
  definition.normalizer = {.handle_chinese_chars = config.tokenize_chinese_chars,
                           .strip_accents = config.strip_accents.value_or(lowercase),
                           .lowercase = lowercase};
  definition.added_tokens = config.added_tokens;
  for (const std::string* name : {&config.unk_token, &config.sep_token, &config.pad_token,
                                  &config.cls_token, &config.mask_token}) {
    if (!index_of.contains(*name) || is_among(definition.added_tokens, *name)) continue;
    definition.added_tokens.push_back({.content = *name, .normalized = false, .special = true});
  }
  for (const std::string* name : {&config.cls_token, &config.sep_token}) {
    // An added token would get a new id, which no model knows.
    if (!index_of.contains(*name)) fail(ErrorKind::kInput, concat("there is no line ", *name));
  }
  definition.cls_token = config.cls_token;
  definition.sep_token = config.sep_token;
  return definition;
}

}  // namespace sbert
