#include <algorithm>
#include <unordered_map>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/text/tokenizer_definition.h"
#include "sbert/text/unicode.h"
#include "sbert/text/utf8.h"

namespace sbert {
namespace {

// A piece of Hugging Face's vocabulary files ends before the white space at the end of its line.
std::string_view without_trailing_space(std::string_view line) {
  while (!line.empty()) {
    std::size_t begin = line.size() - 1;
    while (begin > 0 && (static_cast<unsigned char>(line[begin]) & 0xC0) == 0x80)
      --begin;
    const char32_t last = decode_character(line, begin).code_point;
    if (!properties_of(last).is(CharacterProperties::kWhiteSpace)) break;
    line = line.substr(0, begin);
  }
  return line;
}

std::vector<std::string_view> split_lines(std::string_view bytes) {
  std::vector<std::string_view> lines;
  while (!bytes.empty()) {
    const std::size_t length = std::min(bytes.find('\n'), bytes.size());
    const std::string_view line = bytes.substr(0, length);
    if (!is_valid_utf8(line)) {
      fail(ErrorKind::kInput, concat("line ", lines.size() + 1, ": not valid UTF-8"));
    }
    lines.push_back(without_trailing_space(line));
    bytes.remove_prefix(std::min(length + 1, bytes.size()));
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

}  // namespace

TokenizerDefinition read_vocab_txt(std::string_view bytes, const TokenizerConfig& config) {
  if (config.tokenizer_class != TokenizerClass::kBert) {
    fail(ErrorKind::kInput,
         "the tokenizer_class of tokenizer_config.json needs a tokenizer.json; BertTokenizer reads "
         "this file");
  }
  TokenizerDefinition definition;
  IndexOfPiece index_of;
  definition.vocabulary = read_vocabulary(bytes, index_of);
  definition.model.unk_token = config.unk_token;
  definition.normalizer = bert_normalizer(config);
  definition.truncates_left = config.truncates_left.value_or(false);
  add_bert_tokens(config, definition);
  for (const std::string* name : {&config.cls_token, &config.sep_token}) {
    // An added token would get a new id, which no model knows.
    if (!index_of.contains(*name)) fail(ErrorKind::kInput, concat("there is no line ", *name));
  }
  definition.cls_token = config.cls_token;
  definition.sep_token = config.sep_token;
  return definition;
}

}  // namespace sbert
