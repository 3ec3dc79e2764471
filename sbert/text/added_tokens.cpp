#include "sbert/text/added_tokens.h"

#include <algorithm>
#include <utility>

#include "sbert/text/unicode.h"
#include "sbert/text/utf8.h"

namespace sbert {
namespace {

// The last character of valid UTF-8 that is not empty.
DecodedCharacter last_character(std::string_view text) {
  std::size_t begin = text.size() - 1;
  while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80)
    --begin;
  return decode_character(text, begin);
}

bool is(const DecodedCharacter& character, CharacterProperties::Flag flag) {
  return properties_of(character.code_point).is(flag);
}

// Whether neither neighbour of [begin, end) is a part of a word.
bool stands_alone(std::string_view text, std::size_t begin, std::size_t end) {
  constexpr auto kWord = CharacterProperties::kWord;
  if (begin > 0 && is(last_character(text.substr(0, begin)), kWord)) return false;
  return end == text.size() || !is(decode_character(text, end), kWord);
}

std::size_t skip_space_left(std::string_view text, std::size_t begin, std::size_t least) {
  while (begin > least) {
    const DecodedCharacter character = last_character(text.substr(0, begin));
    if (!is(character, CharacterProperties::kWhiteSpace)) break;
    begin -= character.length;
  }
  return begin;
}

std::size_t skip_space_right(std::string_view text, std::size_t end) {
  while (end < text.size()) {
    const DecodedCharacter character = decode_character(text, end);
    if (!is(character, CharacterProperties::kWhiteSpace)) break;
    end += character.length;
  }
  return end;
}

}  // namespace

AddedTokenFinder::AddedTokenFinder(std::vector<Pattern> patterns) : patterns_(std::move(patterns)) {
  std::stable_sort(patterns_.begin(), patterns_.end(),
                   [](const Pattern& a, const Pattern& b) { return a.text < b.text; });
  const auto is_same = [](const Pattern& a, const Pattern& b) { return a.text == b.text; };
  patterns_.erase(std::unique(patterns_.begin(), patterns_.end(), is_same), patterns_.end());
  for (const Pattern& pattern : patterns_) {
    is_first_byte_[static_cast<unsigned char>(pattern.text[0])] = true;
  }
}

// Narrows the sorted patterns byte by byte to those that agree with the text. Of those that begin
// with the bytes read, the one that consists of them comes first.
const AddedTokenFinder::Pattern* AddedTokenFinder::longest_at(std::string_view text) const {
  const Pattern* longest = nullptr;
  auto first = patterns_.begin();
  auto last = patterns_.end();
  for (std::size_t depth = 0; depth < text.size(); ++depth) {
    const auto wanted = static_cast<unsigned char>(text[depth]);
    const auto byte = [depth](const Pattern& p) {
      return static_cast<unsigned char>(p.text[depth]);
    };
    first = std::lower_bound(first, last, wanted,
                             [&](const Pattern& p, unsigned char b) { return byte(p) < b; });
    last = std::upper_bound(first, last, wanted,
                            [&](unsigned char b, const Pattern& p) { return b < byte(p); });
    if (first == last) break;
    if (first->text.size() == depth + 1) longest = &*first++;
  }
  return longest;
}

std::optional<AddedTokenMatch> AddedTokenFinder::next(std::string_view text,
                                                      std::size_t from,
                                                      std::size_t taken) const {
  if (patterns_.empty()) return std::nullopt;
  for (std::size_t position = from; position < text.size();) {
    const bool may_match = is_first_byte_[static_cast<unsigned char>(text[position])];
    const Pattern* pattern = may_match ? longest_at(text.substr(position)) : nullptr;
    if (pattern == nullptr) {
      ++position;
      continue;
    }
    const std::size_t end = position + pattern->text.size();
    if (pattern->single_word && !stands_alone(text, position, end)) {
      position = end;
      continue;
    }
    AddedTokenMatch match{.id = pattern->id, .begin = position, .end = end, .resume = end};
    if (pattern->lstrip) match.begin = skip_space_left(text, position, taken);
    if (pattern->rstrip) match.end = skip_space_right(text, end);
    return match;
  }
  return std::nullopt;
}

}  // namespace sbert
