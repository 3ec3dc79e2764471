#include "sbert/search/approximate_topk.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_set>

#define NO_MANUAL_VECTORIZATION  // hnswlib's own distances: the kernels' dot() takes their place
#include <hnswlib/hnswlib.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/kernels/kernels.h"

namespace sbert {
namespace {

// The paper's values for vectors of several hundred dimensions.
constexpr std::size_t kLinks = 16;
constexpr std::size_t kConstructionCandidates = 100;
constexpr std::size_t kLeastSearchCandidates = 100;
constexpr std::size_t kSeed = 0;
constexpr std::int64_t kRowsBetweenStops = 256;

using Graph = hnswlib::HierarchicalNSW<float>;

// Points are addresses of rows, so that the graph keeps no copy of the vectors.
class RowsByDotProduct final : public hnswlib::SpaceInterface<float> {
 public:
  explicit RowsByDotProduct(std::int64_t columns) : columns_(columns) {}
  std::size_t get_data_size() override { return sizeof(const float*); }
  hnswlib::DISTFUNC<float> get_dist_func() override { return distance; }
  void* get_dist_func_param() override { return &columns_; }

 private:
  static float distance(const void* a, const void* b, const void* columns) {
    static const auto kDot = kernels<float>().dot;
    return -kDot(row_at(a), row_at(b), *static_cast<const std::int64_t*>(columns));
  }

  // The graph keeps points at any address.
  static const float* row_at(const void* point) {
    const float* row = nullptr;
    std::memcpy(&row, point, sizeof row);
    return row;
  }

  std::int64_t columns_;
};

const float* row_of(MatrixView matrix, std::int64_t row) {
  return matrix.values + row * matrix.columns;
}

bool is_finite(MatrixView matrix, std::int64_t row) {
  const float* const values = row_of(matrix, row);
  return std::all_of(values, values + matrix.columns, [](float x) { return std::isfinite(x); });
}

void check_finite(MatrixView matrix, std::int64_t row, const char* what, std::int64_t number) {
  if (is_finite(matrix, row)) return;
  fail(ErrorKind::kInput,
       concat("a vector has a value that is not finite: ", what, " ", number, ", from 0"));
}

void build(Graph& graph, const CorpusPiece& piece, const StopToken& stop) {
  for (std::int64_t row = 0; row < piece.rows.rows; ++row) {
    if (row % kRowsBetweenStops == 0) stop.throw_if_stopped();
    check_finite(piece.rows, row, "corpus row", piece.first_row + row);
    const float* const point = row_of(piece.rows, row);
    graph.addPoint(&point, static_cast<hnswlib::labeltype>(row));
  }
}

// Best first; equal scores by ascending row.
std::vector<Hit> sorted_hits(auto found, std::int64_t first_row) {
  std::vector<Hit> hits;
  for (; !found.empty(); found.pop()) {
    const auto& [distance, label] = found.top();
    hits.push_back({first_row + static_cast<std::int64_t>(label), -distance});
  }
  std::sort(hits.begin(), hits.end(), is_better);
  return hits;
}

std::vector<std::vector<Hit>> search(const CorpusPiece& piece,
                                     MatrixView queries,
                                     std::size_t k,
                                     const StopToken& stop) {
  RowsByDotProduct space(piece.rows.columns);
  Graph graph(&space, static_cast<std::size_t>(piece.rows.rows), kLinks, kConstructionCandidates,
              kSeed);
  build(graph, piece, stop);
  graph.setEf(std::max(2 * k, kLeastSearchCandidates));
  std::vector<std::vector<Hit>> hits;
  for (std::int64_t query = 0; query < queries.rows; ++query) {
    if (query % kRowsBetweenStops == 0) stop.throw_if_stopped();
    const float* const point = row_of(queries, query);
    hits.push_back(sorted_hits(graph.searchKnn(&point, k), piece.first_row));
  }
  return hits;
}

}  // namespace

std::vector<std::vector<Hit>> approximate_topk(MatrixView queries,
                                               std::span<const CorpusPiece> pieces,
                                               std::int64_t k,
                                               const ComputeContext& context) {
  if (k < 1) fail(ErrorKind::kUsage, concat("k must be at least 1: ", k));
  for (std::int64_t query = 0; query < queries.rows; ++query)
    check_finite(queries, query, "query", query);
  for (const CorpusPiece& piece : pieces) {
    if (queries.rows > 0 && piece.rows.rows > 0 && queries.columns != piece.rows.columns) {
      fail(ErrorKind::kInput, concat("queries and corpus differ in dimension: ", queries.columns,
                                     " and ", piece.rows.columns));
    }
  }
  const auto depth = static_cast<std::size_t>(k);
  std::vector<std::vector<std::vector<Hit>>> found(pieces.size());
  context.pool.for_each(
      pieces.size(),
      [&](std::size_t i) {
        if (queries.rows == 0 || pieces[i].rows.rows == 0) return;
        found[i] = search(pieces[i], queries, depth, context.stop);
      },
      context.stop);
  std::vector<std::vector<Hit>> best(static_cast<std::size_t>(queries.rows));
  for (const auto& hits : found) {
    for (std::size_t query = 0; query < hits.size(); ++query)
      merge_hits(best[query], hits[query], depth);
  }
  return best;
}

double recall_of(std::span<const std::vector<Hit>> approximate,
                 std::span<const std::vector<Hit>> exact) {
  std::size_t wanted = 0;
  std::size_t there = 0;
  for (std::size_t query = 0; query < exact.size(); ++query) {
    std::unordered_set<std::int64_t> rows;
    for (const Hit& hit : approximate[query])
      rows.insert(hit.row);
    wanted += exact[query].size();
    for (const Hit& hit : exact[query])
      there += rows.contains(hit.row) ? 1 : 0;
  }
  return wanted == 0 ? 1 : static_cast<double>(there) / static_cast<double>(wanted);
}

}  // namespace sbert
