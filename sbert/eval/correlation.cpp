#include "sbert/eval/correlation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

// Differences from the mean; empty for a constant list, whose mean may round to another value.
std::vector<double> centered(std::span<const double> values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  if (values.empty() || *low == *high) return {};
  const double count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  std::vector<double> differences;
  differences.reserve(values.size());
  for (const double value : values)
    differences.push_back(value - mean);
  return differences;
}

}  // namespace

std::optional<double> pearson_correlation(std::span<const double> a, std::span<const double> b) {
  if (a.size() != b.size()) {
    fail(ErrorKind::kInternal, concat("lists of different lengths: ", a.size(), ", ", b.size()));
  }
  const std::vector<double> x = centered(a);
  const std::vector<double> y = centered(b);
  if (x.empty() || y.empty()) return std::nullopt;
  const double dot = std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
  const double squares_x = std::inner_product(x.begin(), x.end(), x.begin(), 0.0);
  const double squares_y = std::inner_product(y.begin(), y.end(), y.begin(), 0.0);
  const double correlation = dot / (std::sqrt(squares_x) * std::sqrt(squares_y));
  if (!std::isfinite(correlation)) return std::nullopt;
  return std::clamp(correlation, -1.0, 1.0);
}

std::optional<double> spearman_correlation(std::span<const double> a, std::span<const double> b) {
  return pearson_correlation(average_ranks(a), average_ranks(b));
}

std::vector<double> average_ranks(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t i, std::size_t j) { return values[i] < values[j]; });
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin + 1;
    while (end < order.size() && values[order[end]] == values[order[begin]])
      ++end;
    // The ranks begin + 1, ..., end.
    const double rank = (static_cast<double>(begin + 1) + static_cast<double>(end)) / 2;
    for (std::size_t i = begin; i < end; ++i)
      ranks[order[i]] = rank;
    begin = end;
  }
  return ranks;
}

}  // namespace sbert
