#include "sbert/search/topk.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <string_view>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/kernels/inference_kernels.h"
#include "sbert/search/packed_rows.h"

namespace sbert {
namespace {

// Rows of the corpus that are searched for one layout of queries, at least.
constexpr std::int64_t kLeastPartRows = 16 * PackedRows::kBlockRows;

// find_above() finds every score above it, even those of minus infinity.
constexpr float kNoThreshold = std::numeric_limits<float>::quiet_NaN();

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
  // @param threshold what a hit must be above, or kNoThreshold
  BestHits(std::size_t k, float threshold) : k_(k), threshold_(threshold) {}

  // A later row needs more than this: on equal scores the earlier one wins.
  float threshold() const { return threshold_; }

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
  float threshold_;
  std::vector<Hit> hits_;
};

// What hits of a piece have to be above, which tells parts of the piece what others have found.
class Bars {
 public:
  // @param earlier hits of each query in the rows before the piece
  Bars(std::size_t k, const std::vector<std::vector<Hit>>& earlier) : bars_(earlier.size()) {
    for (std::size_t i = 0; i < bars_.size(); ++i)
      bars_[i] = earlier[i].size() == k ? earlier[i].back().score : kNoThreshold;
  }

  float of_query(std::int64_t query) const {
    return bars_[static_cast<std::size_t>(query)].load(std::memory_order_relaxed);
  }

  // k rows of the query have this score or a better one. An equal one may still be among the best,
  // as it may be of a row before those. Where two parts tell at once, either bar is a right one.
  void raise(std::int64_t query, float score) {
    std::atomic<float>& bar = bars_[static_cast<std::size_t>(query)];
    const float below = std::nextafter(score, -std::numeric_limits<float>::infinity());
    if (below == score) return;  // of minus infinity nothing is below
    if (!(below <= bar.load(std::memory_order_relaxed)))
      bar.store(below, std::memory_order_relaxed);
  }

 private:
  std::vector<std::atomic<float>> bars_;
};

// Queries, and rows of the corpus from first_row on.
struct Piece {
  MatrixView queries;
  MatrixView corpus;
  std::int64_t first_row = 0;
};

// What the kernels made a NaN of, as they do of infinite values: the sum in double, rounded.
float checked_score(const Piece& piece, std::int64_t query, std::int64_t row) {
  const std::span<const float> a = piece.queries.row(query);
  const std::span<const float> b = piece.corpus.row(row);
  const auto score = static_cast<float>(std::inner_product(
      a.begin(), a.end(), b.begin(), 0.0, std::plus<>(),
      [](float x, float y) { return static_cast<double>(x) * static_cast<double>(y); }));
  if (std::isnan(score)) {
    fail(ErrorKind::kInput, concat("a score is not a number: query ", query, ", corpus row ",
                                   piece.first_row + row, ", both from 0"));
  }
  return score;
}

// Some queries on their way through the corpus.
class TileSearch {
 public:
  TileSearch(const Piece& piece, Range tile, std::size_t k, const Bars& bars)
      : piece_(piece),
        tile_(tile),
        packed_(piece.queries.part(tile.begin, tile.size())),
        above_(static_cast<std::size_t>(tile.size())) {
    for (std::int64_t i = tile.begin; i < tile.end; ++i) {
      best_.emplace_back(k, bars.of_query(i));
      thresholds_.push_back(best_.back().threshold());
    }
  }

  // Rows of the piece that follow those before.
  void search(Range rows) {
    const float* scores = packed_.products(piece_.corpus.part(rows.begin, rows.size()));
    for (std::int64_t row = rows.begin; row < rows.end; ++row, scores += tile_.size()) {
      const auto found = static_cast<std::size_t>(
          find_above_(scores, thresholds_.data(), tile_.size(), above_.data()));
      for (std::size_t i = 0; i < found; ++i)
        add(static_cast<std::size_t>(above_[i]), row, scores[above_[i]]);
    }
  }

  // Of each query, best first.
  std::vector<std::vector<Hit>> hits() && {
    std::vector<std::vector<Hit>> hits;
    hits.reserve(best_.size());
    for (BestHits& each : best_)
      hits.push_back(std::move(each).sorted());
    return hits;
  }

 private:
  void add(std::size_t query, std::int64_t row, float score) {
    if (std::isnan(score)) {
      score = checked_score(piece_, tile_.begin + static_cast<std::int64_t>(query), row);
      if (score <= thresholds_[query]) return;
    }
    best_[query].add({piece_.first_row + row, score});
    thresholds_[query] = best_[query].threshold();
  }

  Piece piece_;
  Range tile_;
  PackedRows packed_;
  std::vector<BestHits> best_;     // [queries of the tile]
  std::vector<float> thresholds_;  // theirs, side by side
  std::vector<std::int32_t> above_;
  decltype(InferenceKernels::find_above) find_above_ = inference_kernels().find_above;
};

// The best rows of the piece's part for each query of the tile, where they are above the bar.
std::vector<std::vector<Hit>> search_part(
    const Piece& piece, Range tile, Range part, std::size_t k, Bars& bars, const StopToken& stop) {
  TileSearch search(piece, tile, k, bars);
  for (std::int64_t begin = part.begin; begin < part.end; begin += PackedRows::kBlockRows) {
    stop.throw_if_stopped();
    search.search({begin, std::min(begin + PackedRows::kBlockRows, part.end)});
  }
  std::vector<std::vector<Hit>> hits = std::move(search).hits();
  for (std::int64_t i = 0; i < tile.size(); ++i) {
    const std::vector<Hit>& best = hits[static_cast<std::size_t>(i)];
    if (best.size() == k) bars.raise(tile.begin + i, best.back().score);
  }
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

PiecewiseTopk::PiecewiseTopk(MatrixView queries, std::int64_t k, const ComputeContext& context)
    : queries_(queries),
      k_(static_cast<std::size_t>(k)),
      context_(context),
      found_(static_cast<std::size_t>(queries.rows)) {
  if (k < 1) fail(ErrorKind::kUsage, concat("k must be at least 1: ", k));
}

void PiecewiseTopk::add(MatrixView piece, std::int64_t first_row) {
  if (queries_.rows == 0 || piece.rows == 0) return;
  if (queries_.columns != piece.columns) {
    fail(ErrorKind::kInput, concat("queries and corpus differ in dimension: ", queries_.columns,
                                   " and ", piece.columns));
  }
  const std::int64_t tile_size = PackedRows::best_size(queries_.rows, queries_.columns);
  const std::int64_t tiles = ceil_div(queries_.rows, tile_size);
  // Few queries do not fill the threads: then the rows are parted, too.
  const std::int64_t wanted_parts = ceil_div(2 * context_.pool.num_threads(), tiles);
  const std::int64_t parts = std::clamp<std::int64_t>(piece.rows / kLeastPartRows, 1, wanted_parts);

  Bars bars(k_, found_);
  std::vector<std::vector<std::vector<Hit>>> found(static_cast<std::size_t>(parts));
  for (auto& part : found)
    part.resize(static_cast<std::size_t>(queries_.rows));
  context_.pool.for_each(
      static_cast<std::size_t>(tiles * parts),
      [&](std::size_t task) {
        const auto number = static_cast<std::int64_t>(task);
        // The first part of all queries comes first: its hits are a high bar for the others.
        const std::int64_t part = number / tiles;
        const std::int64_t begin = number % tiles * tile_size;
        auto hits = search_part(
            {queries_, piece, first_row}, {begin, std::min(begin + tile_size, queries_.rows)},
            {piece.rows * part / parts, piece.rows * (part + 1) / parts}, k_, bars, context_.stop);
        std::move(hits.begin(), hits.end(), found[static_cast<std::size_t>(part)].begin() + begin);
      },
      context_.stop);
  for (std::size_t query = 0; query < found_.size(); ++query) {
    for (const auto& part : found)
      merge_hits(found_[query], part[query], k_);
  }
}

std::vector<std::vector<Hit>> exact_topk(const FloatMatrix& queries,
                                         const FloatMatrix& corpus,
                                         std::int64_t k,
                                         const ComputeContext& context) {
  check_shape("queries", queries);
  check_shape("corpus", corpus);
  PiecewiseTopk topk(queries, k > 0 ? std::min(k, std::max<std::int64_t>(corpus.rows, 1)) : k,
                     context);
  topk.add(corpus, 0);
  return topk.take();
}

}  // namespace sbert
