#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "sbert/base/matrix.h"

namespace sbert {

/// A corpus row and its score for a query.
struct Hit {
  std::int64_t row = 0;
  float score = 0;

  friend bool operator==(const Hit&, const Hit&) = default;
};

/// Order of hits: by descending score, equal scores by ascending row.
bool is_better(const Hit& a, const Hit& b);

/// Adds hits of other rows to the best k of a query; both are in order, and so is the result.
void merge_hits(std::vector<Hit>& hits, const std::vector<Hit>& more, std::size_t k);

/// The k best rows for each query by dot product, exactly: the corpus goes by in blocks through a
/// GEMM, and a heap a query keeps the best. Memory beyond the arguments is bounded by the block.
///
/// @param queries [Q, D]
/// @param corpus  [N, D]
/// @return        Q lists of min(k, N) hits, best first; equal scores by ascending row
std::vector<std::vector<Hit>> exact_topk(const FloatMatrix& queries,
                                         const FloatMatrix& corpus,
                                         std::int64_t k);

/// exact_topk() over a corpus that comes in pieces, so that it need not be in memory. Pieces that
/// begin at multiples of kAlignment give the same hits, bit for bit, as the whole corpus at once,
/// and so do queries that are parted at such multiples; of other pieces scores may differ in the
/// last bit.
class PiecewiseTopk {
 public:
  static constexpr std::int64_t kAlignment = 512;

  /// @param queries [Q, D], which must outlive this object
  /// @param k       at least 1
  /// @param threads 0: every core
  PiecewiseTopk(MatrixView queries, std::int64_t k, int threads);

  /// Looks at the rows [first_row, first_row + n) of the corpus, which follow those before.
  /// @param piece [n, D]
  /// @throws Error(kInput) if D differs, or a score is not a number; Error(kCancelled)
  void add(MatrixView piece, std::int64_t first_row);
  /// Q lists, best first; equal scores by ascending row.
  std::vector<std::vector<Hit>> take() { return std::move(found_); }

 private:
  MatrixView queries_;
  std::size_t k_;
  int threads_;
  std::vector<std::vector<Hit>> found_;
};

}  // namespace sbert
