#pragma once

// For tests: matrices of random numbers.

#include <cstdint>
#include <random>
#include <span>

#include "sbert/base/matrix.h"

namespace sbert {

inline FloatMatrix random_matrix(std::int64_t rows, std::int64_t columns, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  FloatMatrix matrix(rows, columns);
  for (float& value : matrix.values)
    value = normal(engine);
  return matrix;
}

inline double dot_in_double(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

}  // namespace sbert
