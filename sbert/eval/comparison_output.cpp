// The forms that a comparison is printed in.

#include <algorithm>
#include <cmath>
#include <string_view>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/eval/comparison.h"
#include "sbert/eval/model_names.h"

namespace sbert {
namespace {

constexpr std::size_t kGap = 2;
constexpr int kDigits = 4;

std::string with_sign(double value) {
  return (std::signbit(value) ? "" : "+") + fixed(value, kDigits);
}

// Characters, not bytes, so that columns line up.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
  }));
}

// Lines of cells as aligned columns; all but the first two to the right.
std::string aligned(const std::vector<std::vector<std::string>>& lines) {
  std::vector<std::size_t> widths;
  for (const auto& line : lines) {
    widths.resize(std::max(widths.size(), line.size()));
    for (std::size_t i = 0; i < line.size(); ++i)
      widths[i] = std::max(widths[i], width_of(line[i]));
  }
  std::string table;
  for (const auto& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const std::string padding(widths[i] - width_of(line[i]), ' ');
      if (i > 0) text += std::string(kGap, ' ');
      text += i < 2 ? line[i] + padding : padding + line[i];
    }
    table += text.substr(0, text.find_last_not_of(' ') + 1) + '\n';
  }
  return table;
}

std::vector<std::string> line_of(const ComparisonRow& row,
                                 std::size_t model,
                                 const std::vector<std::string>& names) {
  const ModelComparison& each = row.models[model];
  std::vector<std::string> line{model == 0 ? row.metric : "", names[model],
                                fixed(each.value, kDigits)};
  if (model == 0) return line;
  line.push_back(with_sign(each.difference));
  if (!each.items) return line;
  const Interval& interval = each.items->interval;
  line.push_back(concat('[', with_sign(interval.low), ", ", with_sign(interval.high), ']'));
  for (const std::int64_t count : {each.items->won, each.items->lost, each.items->tied})
    line.push_back(concat(count));
  return line;
}

}  // namespace

std::string comparison_json(const std::vector<NamedEvaluation>& evaluations,
                            const std::vector<ComparisonRow>& rows) {
  using Json = nlohmann::ordered_json;
  Json metrics = Json::array();
  for (const ComparisonRow& row : rows) {
    Json models = Json::array();
    for (std::size_t i = 0; i < row.models.size(); ++i) {
      const ModelComparison& each = row.models[i];
      Json model{
          {"name", evaluations[i].name}, {"value", each.value}, {"difference", each.difference}};
      if (each.items) {
        model["interval"] = {each.items->interval.low, each.items->interval.high};
        model["won"] = each.items->won;
        model["lost"] = each.items->lost;
        model["tied"] = each.items->tied;
      }
      models.push_back(std::move(model));
    }
    metrics.push_back({{"metric", row.metric}, {"main", row.is_main}, {"models", models}});
  }
  // A name need not be UTF-8, as a file's.
  return metrics.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string comparison_table(const std::vector<NamedEvaluation>& evaluations,
                             const std::vector<ComparisonRow>& rows,
                             const std::vector<std::string>& metrics) {
  const auto is_wanted = [&](const ComparisonRow& row) {
    return row.is_main || metrics.empty() ||
           std::find(metrics.begin(), metrics.end(), row.metric) != metrics.end();
  };
  std::vector<std::vector<std::string>> lines{
      {"metric", "model", "value", "difference", "interval", "won", "lost", "tied"}};
  std::vector<std::string> names;
  for (const NamedEvaluation& each : evaluations)
    names.push_back(each.name);
  names = shortest_ends(names);
  for (const ComparisonRow& row : rows) {
    if (!is_wanted(row)) continue;
    for (std::size_t i = 0; i < row.models.size(); ++i)
      lines.push_back(line_of(row, i, names));
  }
  return aligned(lines);
}

}  // namespace sbert
