#include "sbert/eval/comparison.h"

#include <algorithm>
#include <cmath>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/random.h"

namespace sbert {
namespace {

constexpr std::int64_t kResamplesPerTask = 100;

// The value at a share of the way through sorted values, as NumPy's quantile() has it.
double quantile(const std::vector<double>& sorted, double share) {
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

// Intervals of several columns of differences [columns][items], drawing the same items for all.
std::vector<Interval> intervals_of(const std::vector<std::vector<double>>& columns,
                                   const ComparisonOptions& options,
                                   const ComputeContext& context) {
  if (columns.empty()) return {};
  const std::uint64_t num_items = columns.front().size();
  const auto num_resamples = static_cast<std::size_t>(options.num_resamples);
  std::vector<std::vector<double>> means(columns.size(), std::vector<double>(num_resamples));
  const std::int64_t tasks = (options.num_resamples + kResamplesPerTask - 1) / kResamplesPerTask;
  const auto resample = [&](std::size_t task) {
    std::vector<std::uint32_t> drawn(num_items);
    const std::size_t begin = task * kResamplesPerTask;
    const std::size_t end = std::min(begin + kResamplesPerTask, num_resamples);
    for (std::size_t b = begin; b < end; ++b) {
      const std::uint64_t key = derive_key(options.seed, b);
      for (std::uint64_t j = 0; j < num_items; ++j)
        drawn[j] = static_cast<std::uint32_t>((mix(key ^ j) >> 32) * num_items >> 32);
      for (std::size_t column = 0; column < columns.size(); ++column) {
        double sum = 0;
        for (const std::uint32_t item : drawn)
          sum += columns[column][item];
        means[column][b] = sum / static_cast<double>(num_items);
      }
    }
  };
  context.pool.for_each(static_cast<std::size_t>(tasks), resample, context.stop);
  std::vector<Interval> intervals;
  for (std::vector<double>& each : means) {
    std::sort(each.begin(), each.end());
    const double tail = (1 - options.confidence) / 2;
    intervals.push_back({quantile(each, tail), quantile(each, 1 - tail)});
  }
  return intervals;
}

const double* find_metric(const Metrics& metrics, const std::string& name) {
  for (const auto& [each, value] : metrics) {
    if (each == name) return &value;
  }
  return nullptr;
}

const ItemMetric* find_items(const Evaluation& evaluation, const std::string& name) {
  for (const ItemMetric& each : evaluation.item_metrics) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

void check_options(const ComparisonOptions& options) {
  if (options.num_resamples < 1) {
    fail(ErrorKind::kUsage,
         concat("resamples of a comparison must be at least 1: ", options.num_resamples));
  }
  if (!(options.confidence > 0 && options.confidence < 1)) {
    fail(ErrorKind::kUsage,
         concat("confidence of a comparison must be above 0 and below 1: ", options.confidence));
  }
}

void check_same_data(const Evaluation& first, const Evaluation& other) {
  if (first.task != other.task) {
    fail(ErrorKind::kInput, concat("is of another task than the first model's: ", other.task,
                                   "; the first: ", first.task));
  }
  if (first.item_ids != other.item_ids) {
    fail(ErrorKind::kInput, concat("is of other items than the first model's: ",
                                   other.item_ids.size(), "; the first: ", first.item_ids.size()));
  }
}

void check_items(const Evaluation& evaluation) {
  for (const ItemMetric& metric : evaluation.item_metrics) {
    if (metric.values.size() != evaluation.item_ids.size()) {
      fail(ErrorKind::kInput, concat(metric.name, ": number of values differs from that of items: ",
                                     metric.values.size(), " and ", evaluation.item_ids.size()));
    }
    for (std::size_t i = 0; i < metric.values.size(); ++i) {
      if (!std::isfinite(metric.values[i])) {
        fail(ErrorKind::kInput, concat(metric.name, ": the value of an item is not a number: ",
                                       evaluation.item_ids[i]));
      }
    }
  }
}

std::vector<double> differences_of(const ItemMetric& first, const ItemMetric& other) {
  std::vector<double> differences(first.values.size());
  for (std::size_t i = 0; i < differences.size(); ++i)
    differences[i] = other.values[i] - first.values[i];
  return differences;
}

ItemComparison count_outcomes(std::span<const double> differences) {
  ItemComparison items;
  for (const double difference : differences) {
    items.won += difference > 0;
    items.lost += difference < 0;
    items.tied += difference == 0;
  }
  return items;
}

ComparisonRow row_of(const std::string& metric, const std::vector<NamedEvaluation>& evaluations) {
  ComparisonRow row{.metric = metric,
                    .is_main = metric == evaluations.front().evaluation.main_metric};
  for (const auto& [name, evaluation] : evaluations) {
    const double* value = find_metric(evaluation.metrics, metric);
    if (value == nullptr) fail(ErrorKind::kInput, concat(name, ": has no metric ", metric));
    const double first = row.models.empty() ? *value : row.models.front().value;
    row.models.push_back({.value = *value, .difference = *value - first});
  }
  return row;
}

}  // namespace

std::vector<ComparisonRow> compare(const std::vector<NamedEvaluation>& evaluations,
                                   const ComparisonOptions& options,
                                   const ComputeContext& context) {
  check_options(options);
  if (evaluations.empty()) fail(ErrorKind::kUsage, "no evaluation to compare");
  const Evaluation& first = evaluations.front().evaluation;
  for (const auto& [name, evaluation] : evaluations) {
    within(name, [&, &other = evaluation] {
      check_same_data(first, other);
      check_items(other);
    });
  }

  std::vector<ComparisonRow> rows;
  for (const auto& [metric, value] : first.metrics)
    rows.push_back(row_of(metric, evaluations));
  std::stable_partition(rows.begin(), rows.end(),
                        [](const ComparisonRow& row) { return row.is_main; });

  std::vector<std::vector<double>> columns;
  std::vector<ItemComparison*> targets;
  for (ComparisonRow& row : rows) {
    const ItemMetric* const reference = find_items(first, row.metric);
    for (std::size_t i = 1; i < evaluations.size(); ++i) {
      const ItemMetric* const items = find_items(evaluations[i].evaluation, row.metric);
      if (reference == nullptr || items == nullptr || items->values.empty()) continue;
      columns.push_back(differences_of(*reference, *items));
      row.models[i].items = count_outcomes(columns.back());
      targets.push_back(&*row.models[i].items);
    }
  }
  const std::vector<Interval> intervals = intervals_of(columns, options, context);
  for (std::size_t i = 0; i < targets.size(); ++i)
    targets[i]->interval = intervals[i];
  return rows;
}

}  // namespace sbert
