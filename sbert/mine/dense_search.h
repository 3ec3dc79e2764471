#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "sbert/base/worker_pool.h"
#include "sbert/mine/vector_file.h"
#include "sbert/search/topk.h"

namespace sbert {

struct DenseSearchOptions {
  std::int64_t depth = 0;          ///< candidates for each question
  std::uint64_t memory_bytes = 0;  ///< for the documents' vectors, and the graphs over them
  bool is_approximate = false;
  std::int64_t graph_documents = 1'000'000;  ///< documents that share a graph
};

/// Maps the vectors of a file piece by piece, with a line of progress.
/// @param memory_bytes of a piece; it has at least one row
/// @throws Error(kIo)
void for_each_piece(const VectorFile& file,
                    std::uint64_t memory_bytes,
                    const char* label,
                    const std::function<void(std::int64_t first, MatrixView piece)>& visit);

/// The nearest documents to the questions [begin, end) of a file of vectors, best first, with a
/// line of progress: PiecewiseTopk over the whole file or, where that is asked for,
/// approximate_topk().
///
/// @return one list for each question
/// @throws Error(kUsage) if the memory does not suffice for one graph, Error(kIo),
///         Error(kCancelled)
std::vector<std::vector<Hit>> nearest_documents(const VectorFile& questions,
                                                std::int64_t begin,
                                                std::int64_t end,
                                                const VectorFile& documents,
                                                const DenseSearchOptions& options,
                                                const ComputeContext& context);

/// recall_of() the approximate hits of some of the questions from `begin` on, by an exact search
/// for those.
///
/// @param hits of consecutive questions, as nearest_documents() found them
double measured_recall(const VectorFile& questions,
                       std::int64_t begin,
                       const VectorFile& documents,
                       const std::vector<std::vector<Hit>>& hits,
                       const DenseSearchOptions& options,
                       const ComputeContext& context);

}  // namespace sbert
