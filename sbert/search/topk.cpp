#include "sbert/search/topk.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/stop.h"
#include "sbert/base/threads.h"
#include "sbert/nn/workers.h"

namespace sbert {
namespace {

// A tile of scores takes half a MB, so that it stays in a core's cache between GEMM and selection.
// Tiles begin at multiples of these, so that a score is computed by the same product however the
// work is parted: products of other shapes may differ in the last bit.
constexpr std::int64_t kTileQueries = 256;
constexpr std::int64_t kTileRows = 512;
static_assert(PiecewiseTopk::kAlignment % kTileQueries == 0 &&
              PiecewiseTopk::kAlignment % kTileRows == 0);
// A GEMM of fewer rows may take another kernel, whose sums differ in the last bit: a query alone
// would score otherwise than among others.
constexpr std::int64_t kMinTileSide = 16;
// Scores that are compared with the threshold in one go.
constexpr std::int64_t kChunk = 16;

constexpr float kNoThreshold = -std::numeric_limits<float>::infinity();

struct Range {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t size() const { return end - begin; }
};

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

// The best k of the hits of one query, which come by ascending row. Up to k more than are needed
// are kept between two cuts, which makes an addition cost O(1) on average.
class BestHits {
 public:
  // @param earlier the hits of rows before, best first: k of them set the bar
  BestHits(std::size_t k, std::span<const Hit> earlier) : k_(k) {
    if (earlier.size() < k) return;
    threshold_ = earlier.back().score;
    has_earlier_ = true;
  }

  // A later row needs more than this: on equal scores the earlier one wins.
  float threshold() const { return threshold_; }
  bool is_full() const { return has_earlier_ || hits_.size() >= k_; }

  void add(Hit hit) {
    hits_.push_back(hit);
    if (hits_.size() == k_ || hits_.size() >= 2 * k_) cut();
  }

  std::vector<Hit> sorted() && {
    if (hits_.size() > k_) cut();
    std::sort(hits_.begin(), hits_.end(), is_better);
    return std::move(hits_);
  }

 private:
  void cut() {
    const auto worst = hits_.begin() + static_cast<std::ptrdiff_t>(k_ - 1);
    std::nth_element(hits_.begin(), worst, hits_.end(), is_better);
    threshold_ = worst->score;
    hits_.resize(k_);
  }

  std::size_t k_;
  bool has_earlier_ = false;
  float threshold_ = kNoThreshold;
  std::vector<Hit> hits_;
};

// Rows [range) of a matrix as a tensor, without a copy unless they are fewer than kMinTileSide:
// then rows of zeros follow.
at::Tensor rows_of(MatrixView matrix, Range range) {
  float* const first = const_cast<float*>(matrix.values) + range.begin * matrix.columns;
  at::Tensor rows = at::from_blob(first, {range.size(), matrix.columns}, at::kFloat);
  if (range.size() >= kMinTileSide) return rows;
  at::Tensor padded = at::zeros({kMinTileSide, matrix.columns}, at::kFloat);
  padded.narrow(0, 0, range.size()).copy_(rows);
  return padded;
}

[[noreturn]] void fail_not_a_number(std::int64_t query, std::int64_t row) {
  fail(ErrorKind::kInput,
       concat("a score is not a number: query ", query, ", corpus row ", row, ", both from 0"));
}

// Adds what beats the threshold among the scores of one query.
//
// @param scores one each of the rows from `first_row` on
void select(std::span<const float> scores,
            std::int64_t query,
            std::int64_t first_row,
            BestHits& best) {
  const auto count = static_cast<std::int64_t>(scores.size());
  for (std::int64_t begin = 0; begin < count; begin += kChunk) {
    const std::int64_t end = std::min(begin + kChunk, count);
    const float threshold = best.threshold();
    if (best.is_full() && end - begin == kChunk) {
      const float* const chunk = scores.data() + begin;
      int passing = 0;
      // Negated, so that a NaN passes too.
      for (std::int64_t i = 0; i < kChunk; ++i)
        passing |= !(chunk[i] <= threshold);
      if (passing == 0) continue;
    }
    for (std::int64_t i = begin; i < end; ++i) {
      const float score = scores[static_cast<std::size_t>(i)];
      if (std::isnan(score)) fail_not_a_number(query, first_row + i);
      if (score > best.threshold() || !best.is_full()) best.add({first_row + i, score});
    }
  }
}

// Queries, and rows of the corpus from first_row on.
struct Piece {
  MatrixView queries;
  MatrixView corpus;
  std::int64_t first_row = 0;
};

// The best rows of the piece's part for each query of the tile, where they beat the earlier hits.
std::vector<std::vector<Hit>> search_part(const Piece& piece,
                                          Range tile,
                                          Range part,
                                          std::size_t k,
                                          const std::vector<std::vector<Hit>>& earlier) {
  const at::Tensor query_rows = rows_of(piece.queries, tile);  // [q, D]
  std::vector<BestHits> best;
  for (std::int64_t i = tile.begin; i < tile.end; ++i)
    best.emplace_back(k, earlier[static_cast<std::size_t>(i)]);
  at::Tensor buffer = at::empty({0}, at::kFloat);

  for (std::int64_t begin = part.begin; begin < part.end;) {
    throw_if_stopped();
    const std::int64_t to_next_tile = kTileRows - (piece.first_row + begin) % kTileRows;
    const Range rows{begin, std::min(begin + to_next_tile, part.end)};
    begin = rows.end;
    const at::Tensor corpus_rows = rows_of(piece.corpus, rows);                     // [n, D]
    at::Tensor scores = buffer.resize_({query_rows.size(0), corpus_rows.size(0)});  // [q, n]
    at::mm_out(scores, query_rows, corpus_rows.t());
    for (std::int64_t i = 0; i < tile.size(); ++i) {
      const float* const line = scores.data_ptr<float>() + i * corpus_rows.size(0);
      select({line, static_cast<std::size_t>(rows.size())}, tile.begin + i,
             piece.first_row + rows.begin, best[static_cast<std::size_t>(i)]);
    }
  }

  std::vector<std::vector<Hit>> hits;
  hits.reserve(best.size());
  for (BestHits& each : best)
    hits.push_back(std::move(each).sorted());
  return hits;
}

void check_shape(std::string_view name, const FloatMatrix& matrix) {
  if (matrix.rows < 0 || matrix.columns < 0 ||
      static_cast<std::size_t>(matrix.rows * matrix.columns) != matrix.values.size()) {
    fail(ErrorKind::kInternal, concat(name, ": ", matrix.values.size(), " values in a matrix [",
                                      matrix.rows, ", ", matrix.columns, "]"));
  }
}

}  // namespace

bool is_better(const Hit& a, const Hit& b) {
  return a.score != b.score ? a.score > b.score : a.row < b.row;
}

void merge_hits(std::vector<Hit>& hits, const std::vector<Hit>& more, std::size_t k) {
  if (more.empty()) return;
  const auto middle = static_cast<std::ptrdiff_t>(hits.size());
  hits.insert(hits.end(), more.begin(), more.end());
  std::inplace_merge(hits.begin(), hits.begin() + middle, hits.end(), is_better);
  hits.resize(std::min(hits.size(), k));
}

PiecewiseTopk::PiecewiseTopk(MatrixView queries, std::int64_t k, int threads)
    : queries_(queries),
      k_(static_cast<std::size_t>(k)),
      threads_(threads > 0 ? threads : available_threads()),
      found_(static_cast<std::size_t>(queries.rows)) {
  if (k < 1) fail(ErrorKind::kUsage, concat("k must be at least 1: ", k));
}

void PiecewiseTopk::add(MatrixView piece, std::int64_t first_row) {
  if (queries_.rows == 0 || piece.rows == 0) return;
  if (queries_.columns != piece.columns) {
    fail(ErrorKind::kInput, concat("queries and corpus differ in dimension: ", queries_.columns,
                                   " and ", piece.columns));
  }
  const std::int64_t tiles = ceil_div(queries_.rows, kTileQueries);
  // Few queries do not fill the threads: then the rows are parted, too, between tiles.
  const std::int64_t first_tile = first_row / kTileRows;
  const std::int64_t row_tiles = ceil_div(first_row + piece.rows, kTileRows) - first_tile;
  const std::int64_t parts = std::clamp<std::int64_t>(ceil_div(2 * threads_, tiles), 1, row_tiles);
  const auto begin_of = [&](std::int64_t part) {
    const std::int64_t row = (first_tile + row_tiles * part / parts) * kTileRows - first_row;
    return std::clamp<std::int64_t>(row, 0, piece.rows);
  };

  std::vector<std::vector<std::vector<Hit>>> found(static_cast<std::size_t>(parts));
  for (auto& part : found)
    part.resize(static_cast<std::size_t>(queries_.rows));
  for_each_worker_task(threads_, static_cast<std::size_t>(tiles * parts), [&](std::size_t task) {
    const c10::InferenceMode no_gradients;
    const auto [tile_number, part] = std::div(static_cast<std::int64_t>(task), parts);
    const Range tile{tile_number * kTileQueries,
                     std::min((tile_number + 1) * kTileQueries, queries_.rows)};
    auto hits = search_part({queries_, piece, first_row}, tile,
                            {begin_of(part), begin_of(part + 1)}, k_, found_);
    std::move(hits.begin(), hits.end(), found[static_cast<std::size_t>(part)].begin() + tile.begin);
  });
  for (std::size_t query = 0; query < found_.size(); ++query) {
    for (const auto& part : found)
      merge_hits(found_[query], part[query], k_);
  }
}

std::vector<std::vector<Hit>> exact_topk(const FloatMatrix& queries,
                                         const FloatMatrix& corpus,
                                         std::int64_t k) {
  check_shape("queries", queries);
  check_shape("corpus", corpus);
  PiecewiseTopk topk(queries, k > 0 ? std::min(k, std::max<std::int64_t>(corpus.rows, 1)) : k, 0);
  topk.add(corpus, 0);
  return topk.take();
}

}  // namespace sbert
