#include "sbert/model/similarity.h"

#include <array>
#include <utility>

namespace sbert {
namespace {

constexpr std::array<std::pair<Similarity, std::string_view>, 4> kNames{{
    {Similarity::kCosine, "cosine"},
    {Similarity::kDot, "dot"},
    {Similarity::kEuclidean, "euclidean"},
    {Similarity::kManhattan, "manhattan"},
}};

}  // namespace

std::string_view similarity_name(Similarity similarity) {
  return kNames[static_cast<std::size_t>(similarity)].second;
}

std::optional<Similarity> similarity_from_name(std::string_view name) {
  for (const auto& [similarity, known] : kNames) {
    if (known == name) return similarity;
  }
  return std::nullopt;
}

}  // namespace sbert
