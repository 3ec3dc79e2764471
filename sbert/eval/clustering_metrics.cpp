#include "sbert/eval/clustering_metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

using Counts = std::map<std::int64_t, double>;

// How often each class and cluster occur, and both together.
struct Contingency {
  Counts classes;
  Counts clusters;
  std::map<std::pair<std::int64_t, std::int64_t>, double> both;  // cluster, class
  double items = 0;
};

Contingency count(std::span<const std::int64_t> classes, std::span<const std::int64_t> clusters) {
  Contingency table;
  table.items = static_cast<double>(classes.size());
  for (std::size_t i = 0; i < classes.size(); ++i) {
    table.classes[classes[i]] += 1;
    table.clusters[clusters[i]] += 1;
    table.both[{clusters[i], classes[i]}] += 1;
  }
  return table;
}

double entropy(const Counts& counts, double items) {
  if (counts.size() <= 1) return 0;
  double sum = 0;
  for (const auto& [label, number] : counts)
    sum -= number / items * (std::log(number) - std::log(items));
  return sum;
}

double mutual_information(const Contingency& table) {
  double sum = 0;
  for (const auto& [key, number] : table.both) {
    const double expected = table.clusters.at(key.first) * table.classes.at(key.second);
    sum += number / table.items * (std::log(number) + std::log(table.items) - std::log(expected));
  }
  return std::abs(sum) < std::numeric_limits<double>::epsilon() ? 0 : std::max(sum, 0.0);
}

double sum_of_squares(const auto& counts) {
  double sum = 0;
  for (const auto& [key, number] : counts)
    sum += number * number;
  return sum;
}

double adjusted_rand_index(const Contingency& table) {
  // Ordered pairs of items: together in both, in the clusters only, in the classes only, in none.
  const double squares = sum_of_squares(table.both);
  const double both = squares - table.items;
  const double clusters_only = sum_of_squares(table.clusters) - squares;
  const double classes_only = sum_of_squares(table.classes) - squares;
  const double none = table.items * table.items - clusters_only - classes_only - squares;
  if (clusters_only == 0 && classes_only == 0) return 1;
  return 2 * (both * none - classes_only * clusters_only) /
         ((both + classes_only) * (classes_only + none) +
          (both + clusters_only) * (clusters_only + none));
}

double purity_of(const Contingency& table) {
  Counts largest;
  for (const auto& [key, number] : table.both)
    largest[key.first] = std::max(largest[key.first], number);
  double sum = 0;
  for (const auto& [cluster, number] : largest)
    sum += number;
  return sum / table.items;
}

double mean_of_two(double sum, double product) {
  return sum == 0 ? 0 : 2 * product / sum;
}

}  // namespace

ClusteringMetrics clustering_metrics(std::span<const std::int64_t> classes,
                                     std::span<const std::int64_t> clusters) {
  if (classes.size() != clusters.size()) {
    fail(ErrorKind::kInternal,
         concat("lists of different lengths: ", classes.size(), ", ", clusters.size()));
  }
  if (classes.empty()) return {1, 1, 1, 1, 1, 1};
  const Contingency table = count(classes, clusters);
  const double information = mutual_information(table);
  const double class_entropy = entropy(table.classes, table.items);
  const double cluster_entropy = entropy(table.clusters, table.items);

  ClusteringMetrics metrics;
  metrics.homogeneity = class_entropy == 0 ? 1 : information / class_entropy;
  metrics.completeness = cluster_entropy == 0 ? 1 : information / cluster_entropy;
  metrics.v_measure = mean_of_two(metrics.homogeneity + metrics.completeness,
                                  metrics.homogeneity * metrics.completeness);
  const bool are_both_one_group = table.classes.size() == 1 && table.clusters.size() == 1;
  metrics.nmi = are_both_one_group ? 1 : mean_of_two(class_entropy + cluster_entropy, information);
  metrics.ari = adjusted_rand_index(table);
  metrics.purity = purity_of(table);
  return metrics;
}

}  // namespace sbert
