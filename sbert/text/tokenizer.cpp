#include "sbert/text/tokenizer.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/file_content.h"
#include "sbert/base/files.h"
#include "sbert/text/text_encoder.h"
#include "sbert/text/tokenizer_definition.h"

namespace sbert {
namespace {

constexpr const char* kTokenizerJson = "tokenizer.json";
constexpr const char* kVocabTxt = "vocab.txt";
constexpr const char* kConfigJson = "tokenizer_config.json";
constexpr const char* kSpecialTokensMapJson = "special_tokens_map.json";
constexpr const char* kAddedTokensJson = "added_tokens.json";

std::string_view file_or_empty(const TokenizerFiles& files, const char* name) {
  const auto found = files.find(name);
  return found == files.end() ? std::string_view{} : std::string_view{found->second};
}

const char* defining_file(const TokenizerFiles& files) {
  if (files.contains(kTokenizerJson)) return kTokenizerJson;
  if (files.contains(kVocabTxt)) return kVocabTxt;
  fail(ErrorKind::kInput, "a tokenizer needs a tokenizer.json or a vocab.txt");
}

TokenizerDefinition read_definition(const TokenizerFiles& files, const TokenizerConfig& config) {
  if (!files.contains(kTokenizerJson)) return read_vocab_txt(files.at(kVocabTxt), config);
  TokenizerDefinition definition = read_tokenizer_json(files.at(kTokenizerJson));
  apply_config(config, definition);
  return definition;
}

}  // namespace

TokenizerFiles read_tokenizer_files(const std::filesystem::path& folder) {
  TokenizerFiles files;
  for (const char* name :
       {kTokenizerJson, kVocabTxt, kConfigJson, kSpecialTokensMapJson, kAddedTokensJson}) {
    const std::filesystem::path path = folder / name;
    std::error_code error;
    // What cannot be looked at is read all the same, which says why.
    if (!std::filesystem::exists(path, error) && !error) continue;
    files[name] = read_file(path);
    within(path.native(), [&, &bytes = files[name]] { refuse_stand_in(bytes); });
  }
  if (!files.contains(kTokenizerJson) && !files.contains(kVocabTxt)) {
    fail(ErrorKind::kInput, concat(folder, ": there is neither a tokenizer.json nor a vocab.txt"));
  }
  return files;
}

struct Tokenizer::State {
  State(TokenizerDefinition definition, const TokenizerConfig& config)
      : model(std::move(definition.vocabulary), definition.model),
        normalizer(definition.normalizer),
        added(definition.added_tokens, model, normalizer),
        encoder(added, normalizer, model),
        decoder_options(std::move(definition.decoder)),
        cls_id(require(definition.cls_token, definition.cls_id)),
        sep_id(require(definition.sep_token, definition.sep_id)),
        pad_id(std::max(find(config.pad_token), 0)),
        model_max_length(config.model_max_length),
        truncates_left(definition.truncates_left) {}

  std::int32_t find(const std::string& token) const {
    const std::int32_t id = added.find(token);
    return id < 0 ? model.find(token) : id;
  }

  std::int32_t require(const std::string& token, std::optional<std::int32_t> wanted) const {
    const std::int32_t id = find(token);
    if (id < 0) {
      fail(ErrorKind::kInput, concat("the special token is not in the vocabulary: ", token));
    }
    if (wanted.value_or(id) != id) {
      fail(ErrorKind::kInput, concat("post_processor: the id of ", token,
                                     " must be that of the vocabulary, ", id, ": ", *wanted));
    }
    return id;
  }

  std::string_view piece(std::int32_t id) const {
    const std::string_view form = added.form(id);
    return form.empty() ? model.piece(id) : form;
  }

  TokenizerFiles files;
  WordPiece model;
  BertNormalizer normalizer;
  AddedVocabulary added;
  TextEncoder encoder;
  PieceDecoderOptions decoder_options;
  std::int32_t cls_id;
  std::int32_t sep_id;
  std::int32_t pad_id;
  std::int64_t model_max_length;
  bool truncates_left;
};

Tokenizer::Tokenizer(TokenizerFiles files) {
  const TokenizerConfig config =
      read_tokenizer_config({.config = file_or_empty(files, kConfigJson),
                             .special_map = file_or_empty(files, kSpecialTokensMapJson),
                             .added_tokens = file_or_empty(files, kAddedTokensJson)});
  std::unique_ptr<State> state = within(defining_file(files), [&] {
    return std::make_unique<State>(read_definition(files, config), config);
  });
  state->files = std::move(files);
  state_ = std::move(state);
}

TokenizedText Tokenizer::tokenize(std::string_view text, std::int64_t max_length) const {
  if (max_length < 2) {
    fail(ErrorKind::kUsage,
         concat("max_length must be at least 2, for the special tokens: ", max_length));
  }
  std::vector<std::int32_t> ids{state_->cls_id};
  const auto most = static_cast<std::size_t>(max_length - 1);  // with cls_id
  // One more than there is room for tells whether the text is longer; its end is found only from
  // its beginning.
  const std::size_t wanted =
      state_->truncates_left ? std::numeric_limits<std::size_t>::max() : most + 1;
  state_->encoder.append(text, wanted, ids);
  const bool is_cut = ids.size() > most;
  if (is_cut && state_->truncates_left) {
    ids.erase(ids.begin() + 1, ids.end() - static_cast<std::ptrdiff_t>(most - 1));
  } else if (is_cut) {
    ids.resize(most);
  }
  ids.push_back(state_->sep_id);
  return {.ids = std::move(ids), .is_cut = is_cut};
}

std::vector<std::int32_t> Tokenizer::encode(std::string_view text, std::int64_t max_length) const {
  return tokenize(text, max_length).ids;
}

std::string Tokenizer::decode(const std::vector<std::int32_t>& ids) const {
  PieceDecoder decoder(state_->decoder_options);
  std::string text;
  for (const std::int32_t id : ids) {
    const std::string_view piece = state_->piece(id);
    if (!piece.empty() && !state_->added.is_special(id)) decoder.append(piece, text);
  }
  return text;
}

std::string_view Tokenizer::piece(std::int32_t id) const {
  return state_->piece(id);
}

std::int64_t Tokenizer::vocab_size() const {
  return std::max(state_->model.num_reachable_ids(), std::int64_t{state_->added.highest_id()} + 1);
}

std::int64_t Tokenizer::model_max_length() const {
  return state_->model_max_length;
}

std::int32_t Tokenizer::pad_id() const {
  return state_->pad_id;
}

const TokenizerFiles& Tokenizer::files() const {
  return state_->files;
}

}  // namespace sbert
