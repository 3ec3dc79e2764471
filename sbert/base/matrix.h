#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sbert {

/// A dense row-major matrix [rows, columns] of floats: embeddings, one a row.
struct FloatMatrix {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::vector<float> values;

  FloatMatrix() = default;
  FloatMatrix(std::int64_t row_count, std::int64_t column_count)
      : rows(row_count),
        columns(column_count),
        values(static_cast<std::size_t>(row_count * column_count)) {}

  std::span<float> row(std::int64_t i) {
    return std::span(values).subspan(static_cast<std::size_t>(i * columns),
                                     static_cast<std::size_t>(columns));
  }
  std::span<const float> row(std::int64_t i) const {
    return std::span(values).subspan(static_cast<std::size_t>(i * columns),
                                     static_cast<std::size_t>(columns));
  }
};

/// A view of rows of floats: in a matrix, or in a mapped file. Does not own them.
struct MatrixView {
  const float* values = nullptr;
  std::int64_t rows = 0;
  std::int64_t columns = 0;

  MatrixView() = default;
  MatrixView(const float* first, std::int64_t row_count, std::int64_t column_count)
      : values(first), rows(row_count), columns(column_count) {}
  explicit(false) MatrixView(const FloatMatrix& matrix)
      : MatrixView(matrix.values.data(), matrix.rows, matrix.columns) {}

  std::span<const float> row(std::int64_t i) const {
    return {values + i * columns, static_cast<std::size_t>(columns)};
  }
  /// `count` rows from `first` on.
  MatrixView part(std::int64_t first, std::int64_t count) const {
    return {values + first * columns, count, columns};
  }
};

}  // namespace sbert
