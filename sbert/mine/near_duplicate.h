#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace sbert {

/// What tells how much two texts have in common, without the texts.
struct TextSketch {
  /// Shared by texts of the same words in the same order (word_form()); without words, of the
  /// same bytes.
  std::uint64_t words_key = 0;
  /// Hashes of the text's 5-grams of characters, each once, ascending; the 256 smallest.
  std::vector<std::uint64_t> smallest{};
};

TextSketch sketch_of(std::string_view text);

/// The share of the 5-grams of characters of both texts that are in both (Jaccard), from 0 to 1.
/// Exact if the texts have at most 256 different ones together, else estimated from the smallest
/// hashes, with a standard error of 0.03 at most (Broder: On the resemblance and containment of
/// documents, 1997). Two texts without a word are not alike.
double resemblance(const TextSketch& a, const TextSketch& b);

}  // namespace sbert
