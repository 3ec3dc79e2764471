#include "sbert/mine/dense_search.h"

#include <algorithm>
#include <deque>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/progress.h"
#include "sbert/search/approximate_topk.h"

namespace sbert {
namespace {

constexpr std::int64_t kMeasuredQuestions = 256;

std::uint64_t vector_bytes(const VectorFile& file) {
  return static_cast<std::uint64_t>(file.columns()) * sizeof(float);
}

std::vector<std::vector<Hit>> exact_hits(MatrixView questions,
                                         const VectorFile& documents,
                                         const DenseSearchOptions& options,
                                         const ComputeContext& context,
                                         const char* label) {
  PiecewiseTopk topk(questions, options.depth, context);
  for_each_piece(documents, options.memory_bytes, label,
                 [&](std::int64_t first, MatrixView piece) { topk.add(piece, first); });
  return topk.take();
}

// Graphs that are built at a time.
std::int64_t graphs_at_once(const VectorFile& documents,
                            const DenseSearchOptions& options,
                            int threads) {
  const auto rows = static_cast<std::uint64_t>(std::min(options.graph_documents, documents.rows()));
  const std::uint64_t bytes = rows * (vector_bytes(documents) + kGraphBytesOfARow);
  if (bytes > options.memory_bytes) {
    constexpr std::uint64_t kMegabyte = 1ULL << 20;
    fail(ErrorKind::kUsage, concat("memory does not suffice for approximate search: a graph over ",
                                   rows, " documents takes ", bytes / kMegabyte + 1, " MB, and ",
                                   options.memory_bytes / kMegabyte,
                                   " MB are left for it; lower graph_documents or raise memory"));
  }
  return std::min<std::int64_t>(threads, static_cast<std::int64_t>(options.memory_bytes / bytes));
}

std::vector<std::vector<Hit>> approximate_hits(MatrixView questions,
                                               const VectorFile& documents,
                                               const DenseSearchOptions& options,
                                               const ComputeContext& context) {
  const std::int64_t at_once = graphs_at_once(documents, options, context.pool.num_threads());
  std::vector<std::vector<Hit>> best(static_cast<std::size_t>(questions.rows));
  Progress progress("building and searching graphs", documents.rows(), "documents");
  for (std::int64_t first = 0; first < documents.rows();) {
    std::deque<MappedRows> mapped;
    std::vector<CorpusPiece> pieces;
    for (; std::ssize(pieces) < at_once && first < documents.rows();
         first += options.graph_documents) {
      mapped.emplace_back(documents, first,
                          std::min(options.graph_documents, documents.rows() - first));
      pieces.push_back({mapped.back().view(), first});
    }
    const auto found = approximate_topk(questions, pieces, options.depth, context);
    for (std::size_t i = 0; i < best.size(); ++i)
      merge_hits(best[i], found[i], static_cast<std::size_t>(options.depth));
    for (const CorpusPiece& piece : pieces)
      progress.advance(piece.rows.rows);
  }
  return best;
}

}  // namespace

void for_each_piece(const VectorFile& file,
                    std::uint64_t memory_bytes,
                    const char* label,
                    const std::function<void(std::int64_t first, MatrixView piece)>& visit) {
  const auto step =
      static_cast<std::int64_t>(std::max(memory_bytes / vector_bytes(file), std::uint64_t{1}));
  Progress progress(label, file.rows(), "documents");
  for (std::int64_t first = 0; first < file.rows(); first += step) {
    const MappedRows rows(file, first, std::min(step, file.rows() - first));
    visit(first, rows.view());
    progress.advance(rows.view().rows);
  }
}

std::vector<std::vector<Hit>> nearest_documents(const VectorFile& questions,
                                                std::int64_t begin,
                                                std::int64_t end,
                                                const VectorFile& documents,
                                                const DenseSearchOptions& options,
                                                const ComputeContext& context) {
  const MappedRows rows(questions, begin, end - begin);
  return options.is_approximate ? approximate_hits(rows.view(), documents, options, context)
                                : exact_hits(rows.view(), documents, options, context, "searching");
}

double measured_recall(const VectorFile& questions,
                       std::int64_t begin,
                       const VectorFile& documents,
                       const std::vector<std::vector<Hit>>& hits,
                       const DenseSearchOptions& options,
                       const ComputeContext& context) {
  const std::int64_t count = std::min(std::ssize(hits), kMeasuredQuestions);
  FloatMatrix sample(count, questions.columns());
  std::vector<std::vector<Hit>> found;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t place = std::ssize(hits) * i / count;
    questions.read(begin + place, sample.row(i));
    found.push_back(hits[static_cast<std::size_t>(place)]);
  }
  return recall_of(found, exact_hits(sample, documents, options, context, "measuring the recall"));
}

}  // namespace sbert
