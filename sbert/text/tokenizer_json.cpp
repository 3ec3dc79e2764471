#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/text/json_fields.h"
#include "sbert/text/tokenizer_definition.h"

namespace sbert {
namespace {

using nlohmann::json;

constexpr std::int64_t kMaxWordCharacters = 1'000'000;

WordPiece::Vocabulary read_vocabulary(const json& vocab) {
  if (!vocab.is_object()) {
    fail(ErrorKind::kInput, concat("must be an object of pieces and ids, not ", vocab.type_name()));
  }
  WordPiece::Vocabulary vocabulary;
  vocabulary.reserve(vocab.size());
  for (const auto& [piece, id] : vocab.items()) {
    within(concat('"', piece, '"'), [&] { vocabulary.emplace_back(piece, read_token_id(id)); });
  }
  return vocabulary;
}

void read_model(const json& model, TokenizerDefinition& definition) {
  require_type(model, "WordPiece");
  WordPieceOptions& options = definition.model;
  if (auto unk = read_string(model, "unk_token")) options.unk_token = std::move(*unk);
  if (auto prefix = read_string(model, "continuing_subword_prefix")) {
    options.continuing_subword_prefix = std::move(*prefix);
  }
  if (const json& limit = field(model, "max_input_chars_per_word"); !limit.is_null()) {
    const bool fits = limit.is_number_unsigned() &&
                      limit.get<std::uint64_t>() <= static_cast<std::uint64_t>(kMaxWordCharacters);
    if (!fits) {
      fail(ErrorKind::kInput, concat("max_input_chars_per_word must be an integer from 0 to ",
                                     kMaxWordCharacters, ": ", limit.dump()));
    }
    options.max_input_chars_per_word = limit.get<std::int64_t>();
  }
  definition.vocabulary = within("vocab", [&] { return read_vocabulary(field(model, "vocab")); });
}

// A Sequence is taken for its only member.
const json& unwrap_sequence(const json& section, const char* members) {
  const bool is_sequence = section.is_object() && read_string(section, "type") == "Sequence";
  if (!is_sequence) return section;
  const json& list = field(section, members);
  if (!list.is_array() || list.size() != 1) {
    fail(ErrorKind::kInput, "only a Sequence of one is supported");
  }
  return list[0];
}

void read_normalizer(const json& section, BertNormalizerOptions& options) {
  const json& normalizer = unwrap_sequence(section, "normalizers");
  require_type(normalizer, "BertNormalizer");
  options.clean_text = read_bool(normalizer, "clean_text").value_or(true);
  options.handle_chinese_chars = read_bool(normalizer, "handle_chinese_chars").value_or(true);
  options.lowercase = read_bool(normalizer, "lowercase").value_or(true);
  options.strip_accents = read_bool(normalizer, "strip_accents").value_or(options.lowercase);
}

// The embedding of another type would be added to each token's.
void check_type(const json& part) {
  const json& type = field(part, "type_id");
  if (type.is_null() || type == 0) return;
  fail(ErrorKind::kInput,
       concat("single: type_id must be 0, the only one supported: ", type.dump()));
}

// One place of a TemplateProcessing: the name of a special token, or "$A" for the text.
std::string read_place(const json& place) {
  for (const char* kind : {"Sequence", "SpecialToken"}) {
    const json& part = place.is_object() ? field(place, kind) : place;
    if (!part.is_object()) continue;
    const std::string id = read_string(part, "id").value_or("");
    const bool is_text = kind == std::string_view("Sequence");
    if (is_text && id != "A") continue;
    check_type(part);
    return is_text ? "$A" : id;
  }
  return "";
}

// The id that the template gives to a special token: {"[CLS]": {"ids": [101], ...}, ...}.
std::optional<std::int32_t> template_id(const json& processor, const std::string& token) {
  const json& tokens = field(processor, "special_tokens");
  const json& entry = tokens.is_object() ? field(tokens, token.c_str()) : tokens;
  if (!entry.is_object()) return std::nullopt;
  const json& ids = field(entry, "ids");
  if (!ids.is_array() || ids.size() != 1) {
    fail(ErrorKind::kInput,
         concat("special_tokens: \"", token, "\" must stand for one id: ", ids.dump()));
  }
  return read_token_id(ids[0]);
}

void read_template(const json& processor, TokenizerDefinition& definition) {
  const json& single = field(processor, "single");
  std::vector<std::string> places;
  if (single.is_array() && single.size() == 3) {
    for (const json& place : single)
      places.push_back(read_place(place));
  }
  const bool is_supported = places.size() == 3 && places[1] == "$A" && !places[0].empty() &&
                            !places[2].empty() && places[0] != "$A" && places[2] != "$A";
  if (!is_supported) {
    fail(ErrorKind::kInput,
         "single: only a template of a special token, the text, a special token is supported");
  }
  definition.cls_token = places[0];
  definition.sep_token = places[2];
  definition.cls_id = template_id(processor, places[0]);
  definition.sep_id = template_id(processor, places[2]);
}

// BertProcessing writes its tokens as ["[SEP]", 102].
void read_token_pair(const json& processor,
                     const char* key,
                     std::string& token,
                     std::optional<std::int32_t>& id) {
  const json& pair = field(processor, key);
  if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string()) {
    fail(ErrorKind::kInput, concat(key, " must be a token and its id"));
  }
  token = pair[0].get<std::string>();
  id = within(key, [&] { return read_token_id(pair[1]); });
}

void read_post_processor(const json& processor, TokenizerDefinition& definition) {
  if (processor.is_object() && read_string(processor, "type") == "BertProcessing") {
    read_token_pair(processor, "cls", definition.cls_token, definition.cls_id);
    read_token_pair(processor, "sep", definition.sep_token, definition.sep_id);
    return;
  }
  require_type(processor, "TemplateProcessing");
  read_template(processor, definition);
}

bool read_truncates_left(const json& truncation) {
  if (!truncation.is_object()) return false;
  const std::string direction = read_string(truncation, "direction").value_or("Right");
  if (direction != "Left" && direction != "Right") {
    fail(ErrorKind::kInput, concat("direction must be Right or Left: ", direction));
  }
  return direction == "Left";
}

std::vector<AddedToken> read_added_tokens(const json& list) {
  std::vector<AddedToken> tokens;
  if (list.is_null()) return tokens;
  if (!list.is_array()) {
    fail(ErrorKind::kInput, concat("must be an array, not ", list.type_name()));
  }
  for (const json& object : list) {
    within(concat("record ", tokens.size() + 1),
           [&] { tokens.push_back(read_added_token(object)); });
  }
  return tokens;
}

PieceDecoderOptions read_decoder(const json& decoder) {
  if (decoder.is_null()) return {.joins_pieces = false};
  require_type(decoder, "WordPiece");
  PieceDecoderOptions options;
  if (auto prefix = read_string(decoder, "prefix")) options.prefix = std::move(*prefix);
  options.cleanup = read_bool(decoder, "cleanup").value_or(true);
  return options;
}

}  // namespace

TokenizerDefinition read_tokenizer_json(std::string_view bytes) {
  const json root = parse_json_object(bytes);
  TokenizerDefinition definition;
  within("model", [&] { read_model(field(root, "model"), definition); });
  within("normalizer", [&] { read_normalizer(field(root, "normalizer"), definition.normalizer); });
  within("pre_tokenizer", [&] {
    require_type(unwrap_sequence(field(root, "pre_tokenizer"), "pretokenizers"),
                 "BertPreTokenizer");
  });
  within("post_processor", [&] { read_post_processor(field(root, "post_processor"), definition); });
  within("added_tokens",
         [&] { definition.added_tokens = read_added_tokens(field(root, "added_tokens")); });
  within("truncation",
         [&] { definition.truncates_left = read_truncates_left(field(root, "truncation")); });
  within("decoder", [&] { definition.decoder = read_decoder(field(root, "decoder")); });
  return definition;
}

}  // namespace sbert
