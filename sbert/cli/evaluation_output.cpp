#include "sbert/cli/evaluation_output.h"

#include <algorithm>
#include <string_view>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/progress.h"
#include "sbert/eval/model_names.h"

namespace sbert {
namespace {

const std::vector<std::string> kRetrievalMetrics{
    "ndcg@10", "mrr@10", "map@100", "recall@10", "recall@100", "precision@10", "accuracy@1"};

bool has_metric(const Evaluation& evaluation, const std::string& name) {
  return std::any_of(evaluation.metrics.begin(), evaluation.metrics.end(),
                     [&](const auto& metric) { return metric.first == name; });
}

// Retrieval and pair classification have too many metrics to read: those of the usual k, and those
// of the model's own similarity.
std::vector<std::string> names_for_table(const Evaluation& evaluation) {
  std::vector<std::string> names;
  if (evaluation.task == "retrieval") {
    std::copy_if(kRetrievalMetrics.begin(), kRetrievalMetrics.end(), std::back_inserter(names),
                 [&](const std::string& name) { return has_metric(evaluation, name); });
    if (names.size() == kRetrievalMetrics.size()) return names;
  }
  names.clear();
  const std::string similarity =
      evaluation.main_metric.substr(0, evaluation.main_metric.find('_') + 1);
  for (const auto& [name, value] : evaluation.metrics) {
    if (evaluation.task != "pair-classification" || name.starts_with(similarity))
      names.push_back(name);
  }
  return names;
}

double value_of(const Evaluation& evaluation, const std::string& name) {
  const auto found = std::find_if(evaluation.metrics.begin(), evaluation.metrics.end(),
                                  [&](const auto& metric) { return metric.first == name; });
  return found->second;
}

std::vector<std::string> column_names(const std::vector<NamedEvaluation>& evaluations) {
  std::vector<std::string> names;
  for (const NamedEvaluation& each : evaluations)
    names.push_back(each.name);
  return shortest_ends(names);
}

std::string padded(std::string_view text, std::size_t width, bool is_right) {
  const std::string spaces(width > text.size() ? width - text.size() : 0, ' ');
  return is_right ? spaces + std::string(text) : std::string(text) + spaces;
}

std::string counts_line(const Evaluation& evaluation) {
  std::string line;
  for (const auto& [name, count] : evaluation.counts)
    line += concat(line.empty() ? "" : ", ", with_thousands(count), " ", name);
  return line;
}

}  // namespace

std::string table_of(const std::vector<NamedEvaluation>& evaluations,
                     const std::vector<ComparisonRow>& comparison) {
  const Evaluation& first = evaluations.front().evaluation;
  const std::vector<std::string> names = names_for_table(first);
  std::size_t name_width = 14;
  for (const std::string& name : names)
    name_width = std::max(name_width, name.size());
  const bool has_gain = evaluations.size() == 2;

  std::string text = concat(counts_line(first), "\n\n", padded("", name_width, false));
  const std::vector<std::string> columns = column_names(evaluations);
  for (const std::string& column : columns)
    text += concat("  ", padded(column, 8, true));
  text += has_gain ? "      gain\n" : "\n";
  for (const std::string& name : names) {
    text += padded(name, name_width, false);
    for (std::size_t i = 0; i < evaluations.size(); ++i) {
      const std::string value = fixed(value_of(evaluations[i].evaluation, name), 4);
      text += concat("  ", padded(value, std::max<std::size_t>(8, columns[i].size()), true));
    }
    if (has_gain) {
      const double gain =
          value_of(evaluations[1].evaluation, name) - value_of(evaluations[0].evaluation, name);
      text += concat("  ", padded(concat(gain < 0 ? "" : "+", fixed(gain, 4)), 8, true));
    }
    text += '\n';
  }
  if (evaluations.size() > 1) {
    text += concat("\n", comparison_table(evaluations, comparison, {first.main_metric}));
  }
  return text;
}

std::string json_of(const std::vector<NamedEvaluation>& evaluations,
                    const std::vector<ComparisonRow>& comparison,
                    int indent) {
  const auto compared =
      evaluations.size() > 1
          ? nlohmann::ordered_json::parse(comparison_json(evaluations, comparison))
          : nlohmann::ordered_json::array();
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const auto& [model, evaluation] : evaluations) {
    nlohmann::ordered_json object{{"model", model}, {"task", evaluation.task}};
    for (const auto& [name, count] : evaluation.counts)
      object[name] = count;
    for (const auto& [name, value] : evaluation.metrics)
      object[name] = value;
    if (!all.empty()) {
      // The first row is the main metric's.
      object["comparison"] = compared.at(0).at("models").at(all.size());
      object["comparison"]["metric"] = compared.at(0).at("metric");
    }
    all.push_back(object);
  }
  const nlohmann::ordered_json& shown = all.size() == 1 ? all[0] : all;
  return shown.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace sbert
