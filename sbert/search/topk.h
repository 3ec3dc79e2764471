#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "sbert/base/matrix.h"
#include "sbert/base/worker_pool.h"

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

/// The k best rows for each query by dot product, exactly: the corpus goes by in blocks, whose
/// products with the queries are compared with the worst hit that each query keeps. A score has the
/// error of a sum of floats; its bits depend on the query and the row alone, not on what else is
/// searched, nor on threads. Memory beyond the arguments and hits is bounded by the block.
///
/// @param queries [Q, D]
/// @param corpus  [N, D]
/// @param k       at least 1
/// @return        Q lists of min(k, N) hits, best first; equal scores by ascending row
/// @throws Error(kInput) if D differs, or a score is not a number; Error(kCancelled)
std::vector<std::vector<Hit>> exact_topk(const FloatMatrix& queries,
                                         const FloatMatrix& corpus,
                                         std::int64_t k,
                                         const ComputeContext& context);

/// exact_topk() over a corpus that comes in pieces, so that it need not be in memory. However it is
/// parted, the hits are those of the whole corpus at once, bit for bit.
class PiecewiseTopk {
 public:
  /// @param queries [Q, D], which must outlive this object
  /// @param k       at least 1
  /// @param context whose pool must outlive this object
  PiecewiseTopk(MatrixView queries, std::int64_t k, const ComputeContext& context);

  /// Looks at the rows [first_row, first_row + n) of the corpus, which follow those before.
  /// @param piece [n, D]
  /// @throws Error(kInput) if D differs, or a score is not a number; Error(kCancelled)
  void add(MatrixView piece, std::int64_t first_row);
  /// Q lists, best first; equal scores by ascending row.
  std::vector<std::vector<Hit>> take() { return std::move(found_); }

 private:
  MatrixView queries_;
  std::size_t k_;
  ComputeContext context_;
  std::vector<std::vector<Hit>> found_;
};

}  // namespace sbert
