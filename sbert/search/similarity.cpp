#include "sbert/search/similarity.h"

#include <cmath>

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

}  // namespace sbert
