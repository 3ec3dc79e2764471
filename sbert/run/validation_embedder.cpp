#include "sbert/run/validation_embedder.h"

#include <algorithm>
#include <vector>

namespace sbert {

ValidationEmbedder::ValidationEmbedder(const TextEmbedder& inner)
    : inner_(inner), card_(inner.card()), known_(0, inner.width()) {
  if (card_.similarity == Similarity::kManhattan) card_.similarity = Similarity::kCosine;
}

FloatMatrix ValidationEmbedder::remember(std::span<const std::string> texts,
                                         const EmbedCall& call) {
  std::vector<std::string> added;
  for (const std::string& text : texts) {
    const auto row = known_.rows + std::ssize(added);
    if (rows_.emplace(call.prompt + text, row).second) added.push_back(text);
  }
  const FloatMatrix matrix = inner_.embed(added, call);
  known_.values.insert(known_.values.end(), matrix.values.begin(), matrix.values.end());
  known_.rows += matrix.rows;
  return embed(texts, call);
}

FloatMatrix ValidationEmbedder::embed(std::span<const std::string> texts,
                                      const EmbedCall& call) const {
  FloatMatrix result(std::ssize(texts), width());
  std::vector<std::string> unknown;
  std::vector<std::int64_t> places;  // of these in the result
  for (std::int64_t i = 0; i < result.rows; ++i) {
    const std::string& text = texts[static_cast<std::size_t>(i)];
    const auto found = rows_.find(call.prompt + text);
    if (found == rows_.end()) {
      unknown.push_back(text);
      places.push_back(i);
    } else {
      std::ranges::copy(known_.row(found->second), result.row(i).begin());
    }
  }
  if (unknown.empty()) return result;
  const FloatMatrix matrix = inner_.embed(unknown, call);
  for (std::int64_t i = 0; i < matrix.rows; ++i)
    std::ranges::copy(matrix.row(i), result.row(places[static_cast<std::size_t>(i)]).begin());
  return result;
}

}  // namespace sbert
