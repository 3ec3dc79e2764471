#pragma once

#include <string>
#include <string_view>

namespace sbert {

/// The words of a text in lower case and without accents, one space between two; "" if it has none.
/// Punctuation and white space only separate words; a CJK ideograph is a word of its own. Two texts
/// that differ in case, accents, punctuation and white space alone have the same form.
/// @param text bytes that are not UTF-8 are left out
std::string word_form(std::string_view text);

}  // namespace sbert
