#pragma once

#include <cstdint>
#include <vector>

#include "sbert/base/matrix.h"

namespace sbert {

/// A corpus row and its score for a query.
struct Hit {
  std::int64_t row = 0;
  float score = 0;

  friend bool operator==(const Hit&, const Hit&) = default;
};

struct TopkOptions {
  std::int64_t memory_bytes = 0;  ///< for scores, on all threads together; 0: chosen
  int threads = 0;                ///< 0: every core
};

/// The k best rows for each query by dot product, exactly: the corpus goes by in blocks through a
/// GEMM, and a heap a query keeps the best. Beyond the arguments and the result it takes the memory
/// for scores, and that of 2 k hits for each query that a thread works on. With another memory a
/// score may differ in its last bit.
///
/// @param queries [Q, D]
/// @param corpus  [N, D]
/// @return        Q lists of min(k, N) hits, best first; equal scores by ascending row
std::vector<std::vector<Hit>> exact_topk(const FloatMatrix& queries,
                                         const FloatMatrix& corpus,
                                         std::int64_t k,
                                         const TopkOptions& options = {});

}  // namespace sbert
