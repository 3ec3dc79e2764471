#include "sbert/mine/near_duplicate.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "sbert/base/concat.h"
#include "sbert/base/random.h"
#include "sbert/data/text_key.h"
#include "sbert/search/words.h"

namespace sbert {
namespace {

constexpr std::size_t kGramBytes = 5;
constexpr std::size_t kSketchSize = 256;

std::vector<std::uint64_t> gram_hashes(const std::string& padded) {
  std::vector<std::uint64_t> hashes;
  hashes.reserve(padded.size());
  for (std::size_t at = 0; at + kGramBytes <= padded.size(); ++at) {
    std::uint64_t gram = 0;
    std::memcpy(&gram, padded.data() + at, kGramBytes);
    hashes.push_back(mix(gram));
  }
  return hashes;
}

}  // namespace

TextSketch sketch_of(std::string_view text) {
  const std::string form = word_form(text);
  TextSketch sketch{.words_key = bytes_key(form.empty() ? text : form)};
  if (form.empty()) return sketch;
  // Spaces around it, so that the shortest word has grams and its ends count.
  std::vector<std::uint64_t> hashes = gram_hashes(concat("  ", form, "  "));
  std::sort(hashes.begin(), hashes.end());
  hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
  hashes.resize(std::min(hashes.size(), kSketchSize));
  sketch.smallest = std::move(hashes);
  sketch.smallest.shrink_to_fit();
  return sketch;
}

double resemblance(const TextSketch& a, const TextSketch& b) {
  auto left = a.smallest.begin();
  auto right = b.smallest.begin();
  std::size_t in_union = 0;
  std::size_t in_both = 0;
  // Past the end of a list of 256 nothing is known: there the walk has seen 256 of the union.
  while (in_union < kSketchSize && (left != a.smallest.end() || right != b.smallest.end())) {
    const bool takes_left =
        right == b.smallest.end() || (left != a.smallest.end() && *left <= *right);
    const bool takes_right =
        left == a.smallest.end() || (right != b.smallest.end() && *right <= *left);
    if (takes_left) ++left;
    if (takes_right) ++right;
    if (takes_left && takes_right) ++in_both;
    ++in_union;
  }
  return in_union == 0 ? 0 : static_cast<double>(in_both) / static_cast<double>(in_union);
}

}  // namespace sbert
