#pragma once

#include <cstddef>
#include <string_view>

namespace sbert {

/// The next word of `text` from `position` on, as Hugging Face's BertPreTokenizer cuts them: white
/// space separates words, each punctuation character is a word. Moves `position` behind the word.
/// @param text valid UTF-8, normalized
/// @return empty at the end of the text
std::string_view next_word(std::string_view text, std::size_t& position);

}  // namespace sbert
