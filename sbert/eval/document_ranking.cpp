#include "sbert/eval/document_ranking.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/memory.h"
#include "sbert/search/similarity.h"

namespace sbert {
namespace {

// Rows of the corpus in the order of ids in which equal scores are ranked: exact_topk() puts the
// earlier of equals first.
std::vector<std::int64_t> order_of_ties(const RetrievalData& data, RetrievalMode mode) {
  std::vector<std::int64_t> order(data.documents.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  const auto id = [&](std::int64_t row) -> const std::string& {
    return data.document_ids[static_cast<std::size_t>(row)];
  };
  const bool is_descending = mode == RetrievalMode::kTrec;
  std::sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return is_descending ? id(b) < id(a) : id(a) < id(b);
  });
  return order;
}

double squared_length(std::span<const float> row) {
  double sum = 0;
  for (const float value : row)
    sum += static_cast<double>(value) * value;
  return sum;
}

FloatMatrix with_column(const FloatMatrix& matrix, float scale, const auto& last) {
  FloatMatrix wider(matrix.rows, matrix.columns + 1);
  for (std::int64_t i = 0; i < matrix.rows; ++i) {
    const std::span<const float> from = matrix.row(i);
    const std::span<float> to = wider.row(i);
    std::transform(from.begin(), from.end(), to.begin(),
                   [&](float value) { return scale * value; });
    to.back() = last(from);
  }
  return wider;
}

// Embeddings whose dot products rank as the similarity does: of unit length for the cosine; for the
// squared distance |q|^2 - (2 q . d - |d|^2) with a column more.
FloatMatrix as_queries(FloatMatrix queries, Similarity similarity) {
  if (similarity == Similarity::kCosine) normalize_rows(queries);
  if (similarity != Similarity::kEuclidean) return queries;
  return with_column(queries, 2, [](std::span<const float>) { return 1.0F; });
}

FloatMatrix as_documents(FloatMatrix documents, Similarity similarity) {
  if (similarity == Similarity::kCosine) normalize_rows(documents);
  if (similarity != Similarity::kEuclidean) return documents;
  return with_column(documents, 1, [](std::span<const float> row) {
    return static_cast<float>(-squared_length(row));
  });
}

std::vector<std::string> take_texts(const std::vector<std::string>& texts,
                                    const std::vector<std::int64_t>& rows) {
  std::vector<std::string> taken;
  taken.reserve(rows.size());
  for (const std::int64_t row : rows)
    taken.push_back(texts[static_cast<std::size_t>(row)]);
  return taken;
}

void check_rows(std::string_view what, const FloatMatrix& matrix, std::size_t texts) {
  if (static_cast<std::size_t>(matrix.rows) != texts) {
    fail(ErrorKind::kInternal, concat(what, ": number of embeddings differs from that of texts: ",
                                      matrix.rows, " and ", texts));
  }
}

// Documents of a block. Scores are the same in whatever memory.
std::int64_t block_of(const RankingOptions& options, std::int64_t columns) {
  if (options.memory_bytes == 0) return options.block_documents;
  // The rest is left to texts, token ids, activations and what the allocator keeps.
  const std::uint64_t share = memory_left(options.memory_bytes) / 8;
  const auto rows =
      static_cast<std::int64_t>(share / (static_cast<std::uint64_t>(columns) * sizeof(float)));
  return std::clamp<std::int64_t>(rows, 1, options.block_documents);
}

void remove_row(std::vector<Hit>& hits, std::int64_t row, std::int64_t depth) {
  std::erase_if(hits, [&](const Hit& hit) { return hit.row == row; });
  if (std::ssize(hits) > depth) hits.resize(static_cast<std::size_t>(depth));
}

}  // namespace

std::vector<std::vector<Hit>> rank_documents(
    const RoleEmbedder& source,
    const RetrievalData& data,
    const RankingOptions& options,
    const std::function<void(const DocumentBlock& block)>& see) {
  const Similarity similarity = source.similarity();
  if (similarity == Similarity::kManhattan) {
    fail(ErrorKind::kUsage,
         "documents are ranked by cosine, dot product or Euclidean distance; the model's "
         "similarity is manhattan");
  }
  const FloatMatrix queries = source.embed(data.queries, TextRole::kQuery);
  check_rows("queries", queries, data.queries.size());
  const FloatMatrix query_rows = as_queries(queries, similarity);

  const std::int64_t block = block_of(options, query_rows.columns);
  const std::vector<std::int64_t> order = order_of_ties(data, options.mode);
  // The row that is left out may be among the best: one more is found, so that `depth` are left.
  const std::int64_t depth = options.depth + (options.left_out.empty() ? 0 : 1);
  PiecewiseTopk topk(query_rows, depth, source.context());
  for (std::size_t begin = 0; begin < order.size();) {
    const std::size_t count = std::min(order.size() - begin, static_cast<std::size_t>(block));
    const auto first = order.begin() + static_cast<std::ptrdiff_t>(begin);
    const std::vector<std::int64_t> rows(first, first + static_cast<std::ptrdiff_t>(count));
    FloatMatrix documents = source.embed(take_texts(data.documents, rows), TextRole::kDocument);
    check_rows("documents", documents, count);
    see({queries, documents, rows});
    topk.add(as_documents(std::move(documents), similarity), static_cast<std::int64_t>(begin));
    begin += count;
  }
  std::vector<std::vector<Hit>> rankings = topk.take();
  for (std::vector<Hit>& hits : rankings) {
    for (Hit& hit : hits)
      hit.row = order[static_cast<std::size_t>(hit.row)];
  }
  for (std::size_t q = 0; q < options.left_out.size(); ++q)
    remove_row(rankings[q], options.left_out[q], options.depth);
  if (similarity != Similarity::kEuclidean) return rankings;
  for (std::size_t q = 0; q < rankings.size(); ++q) {
    const double length = squared_length(queries.row(static_cast<std::int64_t>(q)));
    for (Hit& hit : rankings[q])
      hit.score =
          static_cast<float>(-std::sqrt(std::max(0.0, length - static_cast<double>(hit.score))));
  }
  return rankings;
}

}  // namespace sbert
