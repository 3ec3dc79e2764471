#include "sbert/report/evaluation_report.h"

#include <algorithm>
#include <map>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/files.h"
#include "sbert/base/progress.h"
#include "sbert/eval/model_names.h"
#include "sbert/report/chart.h"
#include "sbert/report/html.h"
#include "sbert/report/projection.h"

namespace sbert {
namespace {

using Evaluations = std::vector<NamedEvaluation>;

constexpr std::int64_t kMaxMapPoints = 2'000;
constexpr std::size_t kMaxWorst = 20;
constexpr std::size_t kMaxTextBytes = 600;
constexpr std::size_t kMaxFound = 5;
constexpr std::size_t kMaxWarnings = 50;
constexpr std::string_view kEnDash = "\xE2\x80\x93";
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

// The names of the models, as long as needed to tell them apart.
std::vector<Label> labels_of(const Evaluations& all) {
  std::vector<std::string> names;
  for (const NamedEvaluation& each : all)
    names.push_back(each.name);
  const std::vector<std::string> ends = shortest_ends(names);
  std::vector<Label> labels;
  for (std::size_t i = 0; i < all.size(); ++i)
    labels.emplace_back(ends[i], names[i]);
  return labels;
}

std::string name_if_several(const std::vector<Label>& all, std::size_t model) {
  return all.size() > 1 ? concat(all[model].text, ": ") : "";
}

std::string interval_text(const Interval& interval) {
  return concat(difference_text(interval.low), " to ", difference_text(interval.high));
}

std::string confidence_text(const ReportData& data) {
  return concat(short_number(100 * data.comparison.confidence), "%");
}

// Better or worse only if the interval leaves no difference out.
const char* verdict(const ModelComparison& model) {
  if (!model.items) return "same";
  if (model.items->interval.low > 0) return "better";
  return model.items->interval.high < 0 ? "worse" : "same";
}

std::string value_cell(double value, const std::string& text, const char* css_class = "") {
  return concat("<td class=\"", css_class, "\" data-value=\"", value, "\">", text, "</td>");
}

std::vector<std::string> metric_row(const ComparisonRow& row) {
  const char* const emphasis = row.is_main ? "main-metric" : "";
  std::vector<std::string> cells{
      concat("<td class=\"", emphasis, "\">", escaped(row.metric), "</td>")};
  for (std::size_t i = 0; i < row.models.size(); ++i) {
    const ModelComparison& model = row.models[i];
    cells.push_back(value_cell(model.value, metric_text(model.value), emphasis));
    if (i == 0) continue;
    cells.push_back(
        value_cell(model.difference, difference_text(model.difference), verdict(model)));
    if (!model.items) {
      for (int column = 0; column < 2; ++column)
        cells.push_back(concat("<td class=\"same\">", kEnDash, "</td>"));
      continue;
    }
    cells.push_back(value_cell(model.items->interval.low, interval_text(model.items->interval)));
    cells.push_back(value_cell(
        static_cast<double>(model.items->won - model.items->lost),
        concat(with_thousands(model.items->won), " / ", with_thousands(model.items->lost), " / ",
               with_thousands(model.items->tied))));
  }
  return cells;
}

std::string metric_table(const ReportData& data, const std::vector<ComparisonRow>& rows) {
  std::vector<Label> names{"metric"};
  for (const Label& model : labels_of(data.evaluations)) {
    names.push_back(model);
    if (names.size() == 2) continue;
    names.emplace_back("difference");
    names.emplace_back(confidence_text(data) + " interval");
    names.emplace_back("won / lost / tied");
  }
  std::vector<std::vector<std::string>> cells;
  for (const ComparisonRow& row : rows)
    cells.push_back(metric_row(row));
  return number_table(names, cells);
}

std::string main_figures(const ReportData& data, const std::vector<ComparisonRow>& rows) {
  const std::vector<Label> labels = labels_of(data.evaluations);
  std::vector<Headline> all;
  for (const ComparisonRow& row : rows) {
    if (!row.is_main) continue;
    for (std::size_t i = 0; i < row.models.size(); ++i) {
      const ModelComparison& model = row.models[i];
      std::string note = row.metric;
      if (i > 0) note += concat(", ", difference_text(model.difference));
      if (model.items) {
        note +=
            concat(" (", confidence_text(data), ": ", interval_text(model.items->interval), ")");
      }
      all.push_back({metric_text(model.value), labels[i], note});
    }
  }
  return headlines(all);
}

std::string warnings(const Evaluations& all) {
  std::string items;
  std::size_t count = 0;
  const std::vector<Label> labels = labels_of(all);
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const std::string& warning : all[i].evaluation.warnings) {
      if (++count > kMaxWarnings) continue;
      items += concat("<li>", escaped(name_if_several(labels, i) + warning), "</li>\n");
    }
  }
  if (count > kMaxWarnings) items += concat("<li>and ", count - kMaxWarnings, " more</li>\n");
  return items.empty() ? "" : concat("<ul class=\"warnings\">\n", items, "</ul>\n");
}

// A chart for each name of a curve, with a line a model.
std::string curves(const Evaluations& all) {
  std::vector<LineChart> charts;
  const std::vector<Label> labels = labels_of(all);
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const Curve& curve : all[i].evaluation.curves) {
      auto chart = std::find_if(charts.begin(), charts.end(),
                                [&](const LineChart& each) { return each.title == curve.name; });
      if (chart == charts.end()) {
        charts.push_back({.title = curve.name,
                          .x_label = curve.x_label,
                          .y_label = curve.name,
                          .is_log_x = curve.x_label == "k",
                          .has_zero_y = true});
        chart = charts.end() - 1;
      }
      chart->series.push_back({labels[i].text, curve.points, labels[i].whole});
    }
  }
  std::string figures;
  for (const LineChart& chart : charts)
    figures += line_chart(chart);
  return gallery(figures);
}

std::string score_histograms(const Evaluations& all) {
  std::string figures;
  const std::vector<Label> labels = labels_of(all);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Evaluation& evaluation = all[i].evaluation;
    figures += histogram(
        labels[i], "score",
        {{"belong together", evaluation.positive_scores}, {"do not", evaluation.negative_scores}});
  }
  return gallery(figures);
}

std::string beginning(const std::string& text) {
  if (text.size() <= kMaxTextBytes) return escaped(text);
  std::size_t end = kMaxTextBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
    --end;
  return concat(escaped(std::string_view(text).substr(0, end)), kEllipsis);
}

std::string worst_example(const BadExample& example) {
  std::string out = concat("<li><p class=\"query\"><span>", beginning(example.text),
                           "</span><span>", metric_text(example.score), "</span></p>\n<dl>");
  if (!example.expected.empty()) {
    out += concat("<dt>expected</dt><dd>", beginning(example.expected), "</dd>");
  }
  if (!example.found.empty()) {
    out += "<dt>found</dt><dd class=\"all\"><ol>";
    for (std::size_t i = 0; i < std::min(example.found.size(), kMaxFound); ++i)
      out += concat("<li><span>", beginning(example.found[i]), "</span></li>");
    out += "</ol></dd>";
  }
  // An empty list is not well-formed.
  return out.ends_with("<dl>") ? out.substr(0, out.size() - 4) + "</li>\n" : out + "</dl></li>\n";
}

std::string worst_examples(const Evaluations& all) {
  std::string out;
  const std::vector<Label> labels = labels_of(all);
  for (std::size_t m = 0; m < all.size(); ++m) {
    const Evaluation& evaluation = all[m].evaluation;
    if (evaluation.worst.empty()) continue;
    if (all.size() > 1) out += concat("<h3>", label_html(labels[m]), "</h3>\n");
    out += "<ol class=\"worst\">\n";
    for (std::size_t i = 0; i < std::min(evaluation.worst.size(), kMaxWorst); ++i)
      out += worst_example(evaluation.worst[i]);
    out += "</ol>\n";
  }
  return out;
}

// Rows at equal distances of a matrix that has more than the map can show.
struct MapSample {
  FloatMatrix embeddings;
  std::vector<std::string> labels;
};

MapSample sample_of(const Evaluation& evaluation) {
  const FloatMatrix& all = evaluation.map_embeddings;
  const std::int64_t count = std::min(all.rows, kMaxMapPoints);
  MapSample sample{FloatMatrix(count, all.columns), {}};
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t row = i * all.rows / count;
    std::copy(all.row(row).begin(), all.row(row).end(), sample.embeddings.row(i).begin());
    const auto label = static_cast<std::size_t>(row);
    sample.labels.push_back(label < evaluation.map_labels.size() ? evaluation.map_labels[label]
                                                                 : "");
  }
  return sample;
}

// The labels with the most points each have a colour; the others share the last.
std::vector<ScatterGroup> groups_of(const std::vector<std::string>& labels,
                                    const std::vector<CurvePoint>& points) {
  std::map<std::string, std::vector<CurvePoint>> by_label;
  for (std::size_t i = 0; i < labels.size(); ++i)
    by_label[labels[i]].push_back(points[i]);
  std::vector<ScatterGroup> groups;
  for (auto& [label, members] : by_label)
    groups.push_back({label.empty() ? "without a label" : label, std::move(members)});
  std::stable_sort(groups.begin(), groups.end(), [](const ScatterGroup& a, const ScatterGroup& b) {
    return a.points.size() > b.points.size();
  });
  if (groups.size() <= kNumColours) return groups;
  ScatterGroup others{concat(groups.size() - kNumColours + 1, " other labels"), {}};
  for (std::size_t i = kNumColours - 1; i < groups.size(); ++i)
    others.points.insert(others.points.end(), groups[i].points.begin(), groups[i].points.end());
  groups.resize(kNumColours - 1);
  groups.push_back(std::move(others));
  return groups;
}

std::string component_label(int number, double explained) {
  return concat("component ", number, " (", fixed(100 * explained, 1), "% of the variance)");
}

std::string maps(const Evaluations& all, const StopToken& stop) {
  std::string figures;
  const std::vector<Label> labels = labels_of(all);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Evaluation& evaluation = all[i].evaluation;
    if (evaluation.map_embeddings.rows == 0) continue;
    const MapSample sample = sample_of(evaluation);
    const Projection map = principal_components(sample.embeddings, stop);
    figures += scatter(labels[i], component_label(1, map.explained_variance[0]),
                       component_label(2, map.explained_variance[1]),
                       groups_of(sample.labels, map.points));
  }
  return gallery(figures, FigureSize::kWide);
}

std::string metrics_introduction(const ReportData& data) {
  if (data.evaluations.size() < 2) return "";
  return concat("Differences are to ", labels_of(data.evaluations).front().text,
                ". Intervals are of a paired bootstrap with ",
                with_thousands(data.comparison.num_resamples),
                " resamples; a difference in colour is one whose interval leaves 0 out.");
}

}  // namespace

std::string evaluation_report(const ReportData& data, const ComputeContext& context) {
  const std::vector<ComparisonRow> rows = compare(data.evaluations, data.comparison, context);
  const Evaluations& all = data.evaluations;
  return write_page({.title = data.title,
                     .facts = data.facts,
                     .summary = main_figures(data, rows),
                     .sections = {{"Warnings", "", warnings(all)},
                                  {"Metrics", metrics_introduction(data), metric_table(data, rows)},
                                  {"Curves", "", curves(all)},
                                  {"Scores",
                                   "How the scores of pairs that belong together and of pairs that "
                                   "do not spread. The less "
                                   "they overlap, the better a threshold can tell them apart.",
                                   score_histograms(all)},
                                  {"Worst examples",
                                   concat("Those with the lowest ",
                                          all.front().evaluation.main_metric, ", worst first."),
                                   worst_examples(all)},
                                  {"Map of the embeddings",
                                   "Two directions in which the embeddings spread most. Points "
                                   "near each other here may be "
                                   "far apart in the others.",
                                   maps(all, context.stop)}}});
}

void write_report(const std::filesystem::path& path,
                  const ReportData& data,
                  const ComputeContext& context) {
  write_file_atomically(path, evaluation_report(data, context));
}

}  // namespace sbert
