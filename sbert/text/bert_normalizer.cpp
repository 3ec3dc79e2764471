#include "sbert/text/bert_normalizer.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "sbert/text/unicode.h"
#include "sbert/text/utf8.h"

namespace sbert {
namespace {

using enum CharacterProperties::Flag;

constexpr char kDropped = static_cast<char>(0x80);

// One text on its way through the steps, a character at a time. Between decomposition and lower
// case stands the canonical reordering: characters of a combining class wait in `waiting_` until
// the next starter. Dropping the marks before they are sorted leaves the order of the rest.
class Normalization {
 public:
  Normalization(const BertNormalizerOptions& options, std::string& out)
      : options_(options), out_(out) {}

  bool has_waiting() const { return !waiting_.empty(); }

  void add(char32_t character) {
    CharacterProperties properties = properties_of(character);
    if (options_.clean_text) {
      if (properties.is(kRemoved)) return;
      if (properties.is(kWhiteSpace)) {
        character = U' ';
        properties = properties_of(character);
      }
    }
    const bool is_padded = options_.handle_chinese_chars && properties.is(kCjk);
    if (is_padded) add_space();
    if (options_.strip_accents) {
      decompose(character, properties);
    } else {
      add_lower(character, properties);
    }
    if (is_padded) add_space();
  }

  void end_run() {
    if (waiting_.empty()) return;
    std::stable_sort(waiting_.begin(), waiting_.end(), [](const Waiting& a, const Waiting& b) {
      return a.properties.combining_class < b.properties.combining_class;
    });
    for (const Waiting& mark : waiting_)
      add_lower(mark.character, mark.properties);
    waiting_.clear();
  }

 private:
  struct Waiting {
    char32_t character;
    CharacterProperties properties;
  };

  void add_space() {
    end_run();
    out_.push_back(' ');
  }

  void decompose(char32_t character, CharacterProperties properties) {
    if (properties.is(kDecomposes)) {
      for (const char32_t part : decomposition(character))
        add_part(part, properties_of(part));
      return;
    }
    const HangulDecomposition hangul = decompose_hangul(character);
    if (hangul.num_jamo == 0) return add_part(character, properties);
    for (int i = 0; i < hangul.num_jamo; ++i)
      add_part(hangul.jamo[i], properties_of(hangul.jamo[i]));
  }

  void add_part(char32_t part, CharacterProperties properties) {
    const bool is_starter = properties.combining_class == 0;
    if (is_starter) end_run();
    if (properties.is(kNonspacingMark)) return;
    if (is_starter) {
      add_lower(part, properties);
    } else {
      waiting_.push_back({part, properties});
    }
  }

  void add_lower(char32_t character, CharacterProperties properties) {
    if (options_.lowercase && properties.is(kHasLowerForm)) {
      for (const char32_t lower : lower_form(character))
        append_character(out_, lower);
    } else {
      append_character(out_, character);
    }
  }

  const BertNormalizerOptions& options_;
  std::string& out_;
  std::vector<Waiting> waiting_;
};

}  // namespace

BertNormalizer::BertNormalizer(BertNormalizerOptions options) : options_(options), ascii_{} {
  for (std::size_t i = 0; i < ascii_.size(); ++i) {
    std::string form;
    Normalization(options_, form).add(static_cast<char32_t>(i));
    ascii_[i] = form.empty() ? kDropped : form[0];
  }
}

void BertNormalizer::append(std::string_view text, std::string& out) const {
  Normalization normalization(options_, out);
  for (std::size_t position = 0; position < text.size();) {
    const std::size_t run = ascii_prefix(text.substr(position));
    if (run > 0 && !normalization.has_waiting()) {
      const std::size_t before = out.size();
      out.resize(before + run);
      char* end = out.data() + before;
      for (const char byte : text.substr(position, run)) {
        const char form = ascii_[static_cast<unsigned char>(byte)];
        *end = form;
        end += form != kDropped;
      }
      out.resize(static_cast<std::size_t>(end - out.data()));
      position += run;
    } else {
      const DecodedCharacter character = decode_character(text, position);
      normalization.add(character.code_point);
      position += character.length;
    }
  }
  normalization.end_run();
}

}  // namespace sbert
