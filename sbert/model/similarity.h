#pragma once

#include <optional>
#include <string_view>

namespace sbert {

/// How a model's embeddings are compared.
enum class Similarity { kCosine, kDot, kEuclidean, kManhattan };

/// sentence-transformers' name: "cosine", "dot", "euclidean" or "manhattan".
std::string_view similarity_name(Similarity similarity);
std::optional<Similarity> similarity_from_name(std::string_view name);

}  // namespace sbert
