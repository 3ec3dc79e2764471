#include "sbert/eval/vector_similarity.h"

#include <cmath>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/search/similarity.h"

namespace sbert {
namespace {

// The sum of term(a[i], b[i]).
template <typename Term>
double sum_of(std::span<const float> a, std::span<const float> b, Term term) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += term(static_cast<double>(a[i]), static_cast<double>(b[i]));
  return sum;
}

}  // namespace

bool is_distance(Similarity similarity) {
  return similarity == Similarity::kEuclidean || similarity == Similarity::kManhattan;
}

double nearness(Similarity similarity, std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size()) fail(ErrorKind::kInternal, "vectors of different lengths");
  switch (similarity) {
    case Similarity::kCosine:
      return cosine_similarity(a, b);
    case Similarity::kDot:
      return sum_of(a, b, [](double x, double y) { return x * y; });
    case Similarity::kEuclidean:
      return -std::sqrt(squared_distance(a, b));
    case Similarity::kManhattan:
      return -sum_of(a, b, [](double x, double y) { return std::abs(x - y); });
  }
  return 0;
}

std::vector<double> rowwise_nearness(Similarity similarity,
                                     const FloatMatrix& a,
                                     const FloatMatrix& b) {
  if (a.rows != b.rows) {
    fail(ErrorKind::kInternal, concat("matrices of ", a.rows, " and ", b.rows, " rows"));
  }
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(a.rows));
  for (std::int64_t i = 0; i < a.rows; ++i)
    values.push_back(nearness(similarity, a.row(i), b.row(i)));
  return values;
}

}  // namespace sbert
