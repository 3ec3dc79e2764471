#include "sbert/search/k_means.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/draws.h"
#include "sbert/base/error.h"
#include "sbert/search/row_products.h"
#include "sbert/search/similarity.h"

namespace sbert {
namespace {

// Rows whose distances to all centers are computed in one go.
constexpr std::int64_t kBlockRows = 4096;
// An epoch that lowers the inertia by a smaller part is the last one.
constexpr double kLeastGain = 1e-4;

double squared_length(std::span<const float> row) {
  double sum = 0;
  for (const float value : row)
    sum += static_cast<double>(value) * value;
  return sum;
}

std::vector<double> squared_lengths(const FloatMatrix& matrix) {
  std::vector<double> lengths;
  for (std::int64_t i = 0; i < matrix.rows; ++i)
    lengths.push_back(squared_length(matrix.row(i)));
  return lengths;
}

struct Nearest {
  std::vector<std::int64_t> centers;
  std::vector<double> distances;  // squared
};

Nearest find_nearest(const FloatMatrix& points,
                     const FloatMatrix& centers,
                     const ComputeContext& context) {
  const std::vector<double> center_lengths = squared_lengths(centers);
  Nearest nearest;
  for (std::int64_t begin = 0; begin < points.rows; begin += kBlockRows) {
    const std::int64_t end = std::min(begin + kBlockRows, points.rows);
    const FloatMatrix products =
        row_products(MatrixView(points).part(begin, end - begin), centers, context);
    for (std::int64_t i = begin; i < end; ++i) {
      const std::span<const float> row = products.row(i - begin);
      double best = std::numeric_limits<double>::infinity();
      std::size_t center = 0;
      for (std::size_t c = 0; c < row.size(); ++c) {
        const double distance = center_lengths[c] - 2 * static_cast<double>(row[c]);
        if (distance >= best) continue;
        best = distance;
        center = c;
      }
      nearest.centers.push_back(static_cast<std::int64_t>(center));
      // Of the sum by products no digit may be left where the vectors are long and near.
      nearest.distances.push_back(
          squared_distance(points.row(i), centers.row(static_cast<std::int64_t>(center))));
    }
  }
  return nearest;
}

double sum_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

// A point drawn with the weights' odds.
std::int64_t draw_by_weight(const std::vector<double>& weights, Draws& draws) {
  double left = draws.uniform() * sum_of(weights);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    left -= weights[i];
    if (left < 0) return static_cast<std::int64_t>(i);
  }
  return draws.below(static_cast<std::int64_t>(weights.size()));
}

// Of some points drawn by their squared distance, the one that lowers the sum of distances most.
FloatMatrix k_means_plus_plus(const FloatMatrix& points,
                              std::int64_t clusters,
                              Draws& draws,
                              const ComputeContext& context) {
  const auto trials = static_cast<std::int64_t>(2 + std::log(static_cast<double>(clusters)));
  const std::vector<double> lengths = squared_lengths(points);
  std::vector<std::int64_t> chosen;
  std::vector<double> distances(lengths.size(), std::numeric_limits<double>::infinity());
  while (static_cast<std::int64_t>(chosen.size()) < clusters) {
    std::vector<std::int64_t> candidates;
    if (chosen.empty()) {
      candidates.push_back(draws.below(points.rows));
    } else {
      for (std::int64_t i = 0; i < trials; ++i)
        candidates.push_back(draw_by_weight(distances, draws));
    }
    const FloatMatrix rows = take_rows(points, candidates);
    const FloatMatrix products = row_products(points, rows, context);  // [N, candidates]
    std::vector<double> best;
    std::int64_t best_candidate = 0;
    for (std::int64_t c = 0; c < rows.rows; ++c) {
      const double length = squared_length(rows.row(c));
      std::vector<double> lowered = distances;
      const float* product = products.values.data() + c;
      for (std::size_t i = 0; i < lowered.size(); ++i, product += rows.rows) {
        const double distance = length + lengths[i] - 2 * static_cast<double>(*product);
        lowered[i] = std::min(lowered[i], std::max(0.0, distance));
      }
      if (!best.empty() && sum_of(lowered) >= sum_of(best)) continue;
      best = std::move(lowered);
      best_candidate = candidates[static_cast<std::size_t>(c)];
    }
    distances = std::move(best);
    chosen.push_back(best_candidate);
  }
  return take_rows(points, chosen);
}

// Moves each center to the mean of all points it has had, of which `weights` counts those before.
void move_centers(const FloatMatrix& points,
                  const std::vector<std::int64_t>& nearest,
                  std::vector<double>& weights,
                  FloatMatrix& centers) {
  const auto columns = static_cast<std::size_t>(centers.columns);
  std::vector<double> sums(centers.values.size());
  std::vector<double> counts(static_cast<std::size_t>(centers.rows));
  for (std::int64_t i = 0; i < points.rows; ++i) {
    const auto center = static_cast<std::size_t>(nearest[static_cast<std::size_t>(i)]);
    counts[center] += 1;
    for (std::size_t j = 0; j < columns; ++j)
      sums[center * columns + j] += static_cast<double>(points.row(i)[j]);
  }
  for (std::size_t c = 0; c < counts.size(); ++c) {
    if (counts[c] == 0) continue;
    weights[c] += counts[c];
    for (std::size_t j = 0; j < columns; ++j) {
      float& value = centers.values[c * columns + j];
      value += static_cast<float>((sums[c * columns + j] - counts[c] * static_cast<double>(value)) /
                                  weights[c]);
    }
  }
}

// Puts centers without a point on the points that are farthest from theirs; true if one moved.
bool fill_empty_centers(const FloatMatrix& points, const Nearest& nearest, FloatMatrix& centers) {
  std::vector<bool> is_used(static_cast<std::size_t>(centers.rows));
  for (const std::int64_t center : nearest.centers)
    is_used[static_cast<std::size_t>(center)] = true;
  const auto empty = std::count(is_used.begin(), is_used.end(), false);
  if (empty == 0) return false;
  std::vector<std::int64_t> farthest(nearest.distances.size());
  std::iota(farthest.begin(), farthest.end(), std::int64_t{0});
  std::partial_sort(farthest.begin(), farthest.begin() + empty, farthest.end(),
                    [&](std::int64_t a, std::int64_t b) {
                      return nearest.distances[static_cast<std::size_t>(a)] >
                             nearest.distances[static_cast<std::size_t>(b)];
                    });
  std::size_t next = 0;
  for (std::int64_t c = 0; c < centers.rows; ++c) {
    if (is_used[static_cast<std::size_t>(c)]) continue;
    const std::span<const float> point = points.row(farthest[next++]);
    std::copy(point.begin(), point.end(), centers.row(c).begin());
  }
  return true;
}

void run_mini_batches(const FloatMatrix& points,
                      const KMeansOptions& options,
                      Draws& draws,
                      FloatMatrix& centers,
                      const ComputeContext& context) {
  std::vector<double> weights(static_cast<std::size_t>(centers.rows));
  double before = std::numeric_limits<double>::infinity();
  for (int epoch = 0; epoch < options.max_epochs; ++epoch) {
    const std::vector<std::int64_t> order = draws.sample(points.rows, points.rows);
    double inertia = 0;
    for (std::size_t begin = 0; begin < order.size();) {
      const std::size_t count =
          std::min(order.size() - begin, static_cast<std::size_t>(options.batch_size));
      const FloatMatrix batch = take_rows(points, std::span(order).subspan(begin, count));
      const Nearest nearest = find_nearest(batch, centers, context);
      inertia += sum_of(nearest.distances);
      move_centers(batch, nearest.centers, weights, centers);
      begin += count;
    }
    if (inertia >= before * (1 - kLeastGain)) return;
    before = inertia;
  }
}

KMeansResult run_once(const FloatMatrix& points,
                      const KMeansOptions& options,
                      Draws draws,
                      const ComputeContext& context) {
  const std::int64_t sample_size = 3 * std::max(options.batch_size, options.clusters);
  const FloatMatrix sample = take_rows(points, draws.sample(points.rows, sample_size));
  KMeansResult result;
  result.centers = k_means_plus_plus(sample, options.clusters, draws, context);
  run_mini_batches(points, options, draws, result.centers, context);

  Nearest nearest = find_nearest(points, result.centers, context);
  for (int step = 0; step < options.max_refinements; ++step) {
    if (!fill_empty_centers(points, nearest, result.centers)) {
      std::vector<double> no_weights(static_cast<std::size_t>(options.clusters));
      move_centers(points, nearest.centers, no_weights, result.centers);
    }
    Nearest moved = find_nearest(points, result.centers, context);
    const bool is_stable = moved.centers == nearest.centers;
    nearest = std::move(moved);
    if (is_stable) break;
  }
  result.clusters = std::move(nearest.centers);
  result.inertia = sum_of(nearest.distances);
  return result;
}

}  // namespace

KMeansResult mini_batch_k_means(const FloatMatrix& points,
                                const KMeansOptions& options,
                                const ComputeContext& context) {
  if (options.clusters < 1 || options.batch_size < 1 || options.max_epochs < 1 ||
      options.max_refinements < 0 || options.restarts < 1) {
    fail(ErrorKind::kUsage, "clusters, batch size, epochs and restarts must be at least 1");
  }
  if (options.clusters > points.rows) {
    fail(ErrorKind::kUsage,
         concat("more clusters than texts: ", options.clusters, ", ", points.rows));
  }
  KMeansResult best;
  for (int run = 0; run < options.restarts; ++run) {
    KMeansResult result = run_once(points, options, Draws(derive_key(options.seed, run)), context);
    if (run == 0 || result.inertia < best.inertia) best = std::move(result);
  }
  return best;
}

}  // namespace sbert
