#include "sbert/search/similarity.h"

#include <cmath>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/model/similarity.h"

namespace sbert {

double dot_product(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size()) fail(ErrorKind::kInternal, "vectors of different lengths");
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

double cosine_similarity(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size()) fail(ErrorKind::kInternal, "vectors of different lengths");
  double dot = 0;
  double squares_a = 0;
  double squares_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = a[i];
    const double y = b[i];
    dot += x * y;
    squares_a += x * x;
    squares_b += y * y;
  }
  const double lengths = std::sqrt(squares_a) * std::sqrt(squares_b);
  return lengths == 0 ? 0 : dot / lengths;
}

double squared_distance(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size()) fail(ErrorKind::kInternal, "vectors of different lengths");
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += difference * difference;
  }
  return sum;
}

void normalize_rows(FloatMatrix& matrix) {
  for (std::int64_t i = 0; i < matrix.rows; ++i) {
    double squares = 0;
    for (const float value : matrix.row(i))
      squares += static_cast<double>(value) * static_cast<double>(value);
    if (squares == 0) continue;
    const double length = std::sqrt(squares);
    for (float& value : matrix.row(i))
      value = static_cast<float>(static_cast<double>(value) / length);
  }
}

void normalize_for_dot_product(const TextEmbedder& embedder, FloatMatrix& embeddings) {
  const Similarity similarity = embedder.card().similarity;
  if (similarity != Similarity::kCosine && similarity != Similarity::kDot) {
    fail(ErrorKind::kUsage,
         concat("ranking is by cosine or dot product; the model's similarity is ",
                similarity_name(similarity)));
  }
  if (similarity == Similarity::kCosine && !embedder.normalizes()) normalize_rows(embeddings);
}

}  // namespace sbert
