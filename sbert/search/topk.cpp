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
#include "sbert/model/workers.h"
#include "sbert/search/score_tile.h"

namespace sbert {
namespace {

// A GEMM of fewer rows may take another kernel, whose sums differ in the last bit: a query alone
// would score otherwise than among others.
constexpr std::int64_t kMinTileSide = 8;
// Scores that are compared with the threshold in one go.
constexpr std::int64_t kChunk = 16;

constexpr float kNoThreshold = -std::numeric_limits<float>::infinity();

struct Range {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t size() const { return end - begin; }
};

// The i-th of `parts` ranges of nearly equal size, so that no last one is left tiny.
Range part_of(Range whole, std::int64_t parts, std::int64_t i) {
  return {whole.begin + whole.size() * i / parts, whole.begin + whole.size() * (i + 1) / parts};
}

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

bool is_better(const Hit& a, const Hit& b) {
  return a.score != b.score ? a.score > b.score : a.row < b.row;
}

// The best k of the hits of one query, which come by ascending row. Up to k more than are needed
// are kept between two cuts, which makes an addition cost O(1) on average.
class BestHits {
 public:
  explicit BestHits(std::size_t k) : k_(k) {}

  // A later row needs more than this: on equal scores the earlier one wins.
  float threshold() const { return threshold_; }
  bool is_full() const { return hits_.size() >= k_; }

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
  float threshold_ = kNoThreshold;
  std::vector<Hit> hits_;
};

// Rows [range) of a matrix as a tensor, without a copy unless they are fewer than kMinTileSide:
// then rows of zeros follow.
at::Tensor rows_of(const FloatMatrix& matrix, Range range) {
  float* const first = const_cast<float*>(matrix.values.data()) + range.begin * matrix.columns;
  const at::Tensor rows = at::from_blob(first, {range.size(), matrix.columns}, at::kFloat);
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

// The best rows of the corpus's part for each query of the tile, tile_rows of it at a time.
std::vector<std::vector<Hit>> search_part(const FloatMatrix& queries,
                                          const FloatMatrix& corpus,
                                          Range tile,
                                          Range part,
                                          std::int64_t tile_rows,
                                          std::size_t k) {
  const at::Tensor query_rows = rows_of(queries, tile);  // [q, D]
  const std::int64_t blocks = ceil_div(part.size(), tile_rows);
  std::vector<BestHits> best(static_cast<std::size_t>(tile.size()), BestHits(k));
  at::Tensor buffer = at::empty({0}, at::kFloat);

  for (std::int64_t block = 0; block < blocks; ++block) {
    throw_if_stopped();
    const Range rows = part_of(part, blocks, block);
    const at::Tensor corpus_rows = rows_of(corpus, rows);                           // [n, D]
    at::Tensor scores = buffer.resize_({query_rows.size(0), corpus_rows.size(0)});  // [q, n]
    at::mm_out(scores, query_rows, corpus_rows.t());
    for (std::int64_t i = 0; i < tile.size(); ++i) {
      const float* const line = scores.data_ptr<float>() + i * corpus_rows.size(0);
      select({line, static_cast<std::size_t>(rows.size())}, tile.begin + i, rows.begin,
             best[static_cast<std::size_t>(i)]);
    }
  }

  std::vector<std::vector<Hit>> hits;
  hits.reserve(best.size());
  for (BestHits& each : best)
    hits.push_back(std::move(each).sorted());
  return hits;
}

// Puts the lists of the corpus's parts together: [parts][Q] to [Q].
std::vector<std::vector<Hit>> merge(std::vector<std::vector<std::vector<Hit>>> parts,
                                    std::size_t k) {
  std::vector<std::vector<Hit>> merged = std::move(parts.front());
  for (std::size_t p = 1; p < parts.size(); ++p) {
    for (std::size_t q = 0; q < merged.size(); ++q) {
      const auto middle = static_cast<std::ptrdiff_t>(merged[q].size());
      merged[q].insert(merged[q].end(), parts[p][q].begin(), parts[p][q].end());
      std::inplace_merge(merged[q].begin(), merged[q].begin() + middle, merged[q].end(), is_better);
      merged[q].resize(std::min(merged[q].size(), k));
    }
  }
  return merged;
}

void check_shape(std::string_view name, const FloatMatrix& matrix) {
  if (matrix.rows < 0 || matrix.columns < 0 ||
      static_cast<std::size_t>(matrix.rows * matrix.columns) != matrix.values.size()) {
    fail(ErrorKind::kInternal, concat(name, ": ", matrix.values.size(), " values in a matrix [",
                                      matrix.rows, ", ", matrix.columns, "]"));
  }
}

}  // namespace

std::vector<std::vector<Hit>> exact_topk(const FloatMatrix& queries,
                                         const FloatMatrix& corpus,
                                         std::int64_t k,
                                         const TopkOptions& options) {
  if (k < 1) fail(ErrorKind::kUsage, concat("k must be at least 1: ", k));
  if (options.memory_bytes < 0) {
    fail(ErrorKind::kUsage, concat("memory must be at least 0: ", options.memory_bytes));
  }
  check_shape("queries", queries);
  check_shape("corpus", corpus);
  if (queries.rows == 0) return {};
  if (corpus.rows == 0)
    return std::vector<std::vector<Hit>>(static_cast<std::size_t>(queries.rows));
  if (queries.columns != corpus.columns) {
    fail(ErrorKind::kInput, concat("queries and corpus differ in dimension: ", queries.columns,
                                   " and ", corpus.columns));
  }

  const auto kept = static_cast<std::size_t>(std::min(k, corpus.rows));
  const int threads = options.threads > 0 ? options.threads : available_threads();
  const ScoreTile most = score_tile(options.memory_bytes, threads);
  const std::int64_t tiles = ceil_div(queries.rows, most.queries);
  // Few queries do not fill the threads: then the corpus is parted, too.
  const std::int64_t parts =
      std::clamp<std::int64_t>(ceil_div(2 * threads, tiles), 1, ceil_div(corpus.rows, most.rows));

  std::vector<std::vector<std::vector<Hit>>> found(static_cast<std::size_t>(parts));
  for (auto& part : found)
    part.resize(static_cast<std::size_t>(queries.rows));
  for_each_worker_task(threads, static_cast<std::size_t>(tiles * parts), [&](std::size_t task) {
    const c10::InferenceMode no_gradients;
    const auto [tile_number, part] = std::div(static_cast<std::int64_t>(task), parts);
    const Range tile = part_of({0, queries.rows}, tiles, tile_number);
    auto hits =
        search_part(queries, corpus, tile, part_of({0, corpus.rows}, parts, part), most.rows, kept);
    std::move(hits.begin(), hits.end(), found[static_cast<std::size_t>(part)].begin() + tile.begin);
  });
  return merge(std::move(found), kept);
}

}  // namespace sbert
