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

std::string_view name_of(VectorSimilarity similarity) {
  switch (similarity) {
    case VectorSimilarity::kCosine:
      return "cosine";
    case VectorSimilarity::kDot:
      return "dot";
    case VectorSimilarity::kEuclidean:
      return "euclidean";
    case VectorSimilarity::kManhattan:
      return "manhattan";
  }
  return "";
}

VectorSimilarity parse_vector_similarity(std::string_view name) {
  for (const VectorSimilarity similarity : kVectorSimilarities) {
    if (name == name_of(similarity)) return similarity;
  }
  fail(ErrorKind::kUsage, concat("similarity must be cosine, dot, euclidean or manhattan: ", name));
}

bool is_distance(VectorSimilarity similarity) {
  return similarity == VectorSimilarity::kEuclidean || similarity == VectorSimilarity::kManhattan;
}

double nearness(VectorSimilarity similarity, std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size()) fail(ErrorKind::kInternal, "vectors of different lengths");
  switch (similarity) {
    case VectorSimilarity::kCosine:
      return cosine_similarity(a, b);
    case VectorSimilarity::kDot:
      return sum_of(a, b, [](double x, double y) { return x * y; });
    case VectorSimilarity::kEuclidean:
      return -std::sqrt(sum_of(a, b, [](double x, double y) { return (x - y) * (x - y); }));
    case VectorSimilarity::kManhattan:
      return -sum_of(a, b, [](double x, double y) { return std::abs(x - y); });
  }
  return 0;
}

std::vector<double> rowwise_nearness(VectorSimilarity similarity,
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

void normalize_rows(FloatMatrix& matrix) {
  for (std::int64_t i = 0; i < matrix.rows; ++i) {
    const std::span<float> row = matrix.row(i);
    const double length = std::sqrt(sum_of(row, row, [](double x, double y) { return x * y; }));
    if (length == 0) continue;
    for (float& value : row)
      value = static_cast<float>(value / length);
  }
}

}  // namespace sbert
