#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sbert/base/matrix.h"
#include "sbert/base/worker_pool.h"
#include "sbert/search/topk.h"

namespace sbert {

/// Rows of a corpus that have a graph of their own.
struct CorpusPiece {
  MatrixView rows;  ///< [n, D]
  std::int64_t first_row = 0;
};

/// Bytes that a graph takes for a row, without its vector.
inline constexpr std::uint64_t kGraphBytesOfARow = 288;

/// The k best rows for each query by dot product, nearly all of them: a graph of near neighbours
/// (HNSW: Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using
/// Hierarchical Navigable Small World graphs", 2016) is built over each piece of the corpus and
/// walked from every query, so that a query costs the logarithm of the piece and not its size. Made
/// for vectors of about one length. Scores are those of the kernels' dot(), which may differ from
/// exact_topk()'s in the last bits. Each piece is built and searched by one thread, as many at a
/// time as there are threads, so that the same pieces give the same hits on any number of them.
///
/// @param queries [Q, D]
/// @param k       at least 1
/// @return        Q lists, best first; equal scores by ascending row
/// @throws Error(kInput) if D differs, or a vector has a value that is not finite;
///         Error(kCancelled)
std::vector<std::vector<Hit>> approximate_topk(MatrixView queries,
                                               std::span<const CorpusPiece> pieces,
                                               std::int64_t k,
                                               const ComputeContext& context);

/// The share of the exact hits that are among the approximate ones, from 0 to 1: recall@k. 1 where
/// there are none.
double recall_of(std::span<const std::vector<Hit>> approximate,
                 std::span<const std::vector<Hit>> exact);

}  // namespace sbert
