#include "sbert/search/similarity.h"

#include <cmath>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {

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
  return lengths > 0 ? dot / lengths : 0;
}

void make_similarity_a_dot_product(const SentenceModel& model, FloatMatrix& embeddings) {
  if (model.similarity != "cosine" && model.similarity != "dot") {
    fail(ErrorKind::kUsage,
         concat("ranking is by cosine or dot product; the model's similarity is ",
                model.similarity));
  }
  if (model.similarity == "dot" || model.normalize) return;
  for (std::int64_t i = 0; i < embeddings.rows; ++i) {
    double squares = 0;
    for (const float value : embeddings.row(i))
      squares += static_cast<double>(value) * value;
    if (squares == 0) continue;
    const double scale = 1 / std::sqrt(squares);
    for (float& value : embeddings.row(i))
      value = static_cast<float>(value * scale);
  }
}

}  // namespace sbert
