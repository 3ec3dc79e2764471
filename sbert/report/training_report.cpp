#include "sbert/report/training_report.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/files.h"
#include "sbert/base/progress.h"
#include "sbert/config/json.h"
#include "sbert/config/yaml.h"
#include "sbert/eval/metric_direction.h"
#include "sbert/report/html.h"
#include "sbert/report/page.h"
#include "sbert/report/training_history.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSteps = "updates";
constexpr std::string_view kShare = "time_share/";
constexpr std::string_view kTrainLoss = "reduced_train_loss";
constexpr std::string_view kSecondsPerStep = "train_step_timing in s";
constexpr std::size_t kLinesPerChart = 6;

// Counters, which are the x axis over again.
const std::set<std::string, std::less<>> kNotShown{"global_step", "epoch", "consumed_samples"};

// A chart of one metric by the name that people know it under.
struct KnownMetric {
  std::string_view name;
  std::string_view title;
  std::string_view unit;
  bool has_zero_y;
};
constexpr KnownMetric kLearning[]{{"lr", "Learning rate", "learning rate", true},
                                  {"grad_norm", "Gradient norm, before clipping", "norm", true},
                                  {"loss_scale", "Loss scale", "factor", true}};
constexpr KnownMetric kSpeed[]{{"tokens_per_second", "Throughput", "tokens/s", true},
                               {kSecondsPerStep, "Time of an update", "s", true},
                               {"validation_step_timing in s", "Time of a validation", "s", true}};

// The metrics of a run, and which of them have a place on the page.
class Run {
 public:
  explicit Run(TrainingHistory history) : history_(std::move(history)) {}

  const TrainingHistory& history() const { return history_; }
  const Series* find(std::string_view name) const { return find_series(history_, name); }
  const Series* take(std::string_view name) {
    const Series* series = find(name);
    if (series != nullptr) shown_.insert(series->name);
    return series;
  }
  bool is_shown(const std::string& name) const {
    return shown_.count(name) > 0 || kNotShown.count(name) > 0 || name.starts_with(kShare);
  }

 private:
  TrainingHistory history_;
  std::set<std::string, std::less<>> shown_;
};

std::string settings_text(const ConfigTree& settings, std::string_view path) {
  const ConfigNode* node = settings.find(path);
  if (node == nullptr || node->is_null()) return "";
  return node->string() != nullptr ? *node->string() : write_json(*node);
}

std::optional<CurvePoint> best(const Series* series, bool is_higher_better) {
  std::optional<CurvePoint> found;
  if (series == nullptr) return found;
  for (const CurvePoint& point : series->points) {
    if (!std::isfinite(point.y)) continue;
    if (!found || (is_higher_better ? point.y > found->y : point.y < found->y)) found = point;
  }
  return found;
}

std::string step_text(double step) {
  return concat("update ", with_thousands(static_cast<std::int64_t>(step)));
}

// Seconds of data, gradient and optimizer from one logged step to the next.
std::vector<double> seconds_of_stretches(const Series& seconds_per_step) {
  std::vector<double> seconds;
  double before = 0;
  for (const auto& [step, each] : seconds_per_step.points) {
    seconds.push_back(std::isfinite(each) ? each * std::max(0.0, step - before) : 0);
    before = step;
  }
  return seconds;
}

double sum(const std::vector<double>& values) {
  double total = 0;
  for (const double value : values)
    total += value;
  return total;
}

// A twentieth of the points; 1 if there are too few for a mean.
std::size_t mean_window(std::size_t count) {
  constexpr std::size_t kLeast = 5;
  constexpr std::size_t kMost = 100;
  return count < 2 * kLeast ? 1 : std::clamp(count / 20, kLeast, kMost);
}

// At each point the mean of the last `window` that are finite, fewer at the beginning.
std::vector<CurvePoint> running_mean(const std::vector<CurvePoint>& points, std::size_t window) {
  std::vector<CurvePoint> means;
  std::deque<double> last;
  for (const CurvePoint& point : points) {
    if (!std::isfinite(point.y)) continue;
    last.push_back(point.y);
    if (last.size() > window) last.pop_front();
    means.push_back({point.x, sum({last.begin(), last.end()}) / static_cast<double>(last.size())});
  }
  return means;
}

// By the mode that the run was given, or by the metric.
bool is_higher_better(const std::string& metric, const std::string& mode) {
  if (mode == "min" || mode == "max") return mode == "max";
  return metric_direction(metric) == MetricDirection::kHigherIsBetter;
}

std::string main_figures(Run& run, const ConfigTree& settings) {
  std::vector<Headline> all;
  if (const Series* loss = run.find(kTrainLoss)) {
    const std::size_t window = mean_window(loss->points.size());
    const std::vector<CurvePoint> means = running_mean(loss->points, window);
    const std::string name =
        window < 2 ? "training loss, last" : concat("training loss, mean of the last ", window);
    if (!means.empty())
      all.push_back({metric_text(means.back().y), name, step_text(means.back().x)});
  }
  const std::string wanted =
      settings_text(settings, "exp_manager.checkpoint_callback_params.monitor");
  const std::string monitor = wanted.empty() ? "val_loss" : wanted;
  const std::string mode = settings_text(settings, "exp_manager.checkpoint_callback_params.mode");
  if (const auto point = best(run.find(monitor), is_higher_better(monitor, mode))) {
    all.push_back({metric_text(point->y), concat(monitor, ", best"), step_text(point->x)});
  }
  if (const Series* speed = run.find("tokens_per_second")) {
    std::vector<double> values;
    for (const CurvePoint& point : speed->points) {
      if (std::isfinite(point.y)) values.push_back(point.y);
    }
    if (!values.empty()) {
      std::nth_element(values.begin(),
                       values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                       values.end());
      all.push_back({with_thousands(std::llround(values[values.size() / 2])), "tokens per second",
                     "median of the run"});
    }
  }
  if (const Series* timing = run.find(kSecondsPerStep)) {
    all.push_back({format_duration(sum(seconds_of_stretches(*timing))), "time of the updates",
                   "without validation and saving"});
  }
  return headlines(all);
}

std::string charts_of(Run& run, std::span<const KnownMetric> metrics) {
  std::string figures;
  for (const auto& [name, title, unit, has_zero_y] : metrics) {
    const Series* series = run.take(name);
    if (series == nullptr) continue;
    figures += line_chart({.title = std::string(title),
                           .x_label = std::string(kSteps),
                           .y_label = std::string(unit),
                           .series = {*series},
                           .has_zero_y = has_zero_y});
  }
  return figures;
}

// The training loss as dots with their running mean: that of one batch says little.
std::string loss_chart(Run& run) {
  LineChart chart{.title = "Loss", .x_label = std::string(kSteps), .y_label = "loss"};
  if (const Series* training = run.take(kTrainLoss)) {
    const std::size_t window = mean_window(training->points.size());
    if (window < 2) {
      chart.series.push_back({"training", training->points});
    } else {
      chart.series = {
          {.name = concat("training, mean of ", window),
           .points = running_mean(training->points, window)},
          {.name = "training, each logged", .points = training->points, .is_of_dots = true}};
    }
  }
  if (const Series* validation = run.take("val_loss")) {
    chart.series.push_back({"validation", validation->points});
  }
  return line_chart(chart);
}

// The other metrics of the validation, as many lines a chart as can be told apart.
std::string validation_charts(Run& run) {
  std::vector<Series> all;
  for (const Series& series : run.history()) {
    if (series.name.starts_with("val_") && !run.is_shown(series.name)) all.push_back(series);
  }
  std::string figures;
  for (std::size_t begin = 0; begin < all.size(); begin += kLinesPerChart) {
    LineChart chart{.title = "Validation", .x_label = std::string(kSteps), .y_label = "metric"};
    for (std::size_t i = begin; i < std::min(begin + kLinesPerChart, all.size()); ++i) {
      run.take(all[i].name);
      chart.series.push_back({all[i].name.substr(4), all[i].points});
    }
    if (chart.series.size() == 1) chart.title += concat(": ", chart.series.front().name);
    figures += line_chart(chart);
  }
  return figures;
}

// The shares of a stretch count by the time it took.
std::string time_shares(const Run& run) {
  const Series* timing = run.find(kSecondsPerStep);
  const std::vector<double> seconds =
      timing != nullptr ? seconds_of_stretches(*timing) : std::vector<double>();
  std::vector<Share> shares;
  double total = 0;
  for (const Series& series : run.history()) {
    if (!series.name.starts_with(kShare)) continue;
    double value = 0;
    for (std::size_t i = 0; i < series.points.size(); ++i) {
      const double weight = seconds.size() == series.points.size() ? seconds[i] : 1;
      if (std::isfinite(series.points[i].y)) value += weight * std::max(0.0, series.points[i].y);
    }
    shares.push_back({series.name.substr(kShare.size()), value});
    total += value;
  }
  if (!(total > 0)) return "";
  for (Share& share : shares)
    share.value /= total;
  std::stable_sort(shares.begin(), shares.end(),
                   [](const Share& a, const Share& b) { return a.value > b.value; });
  return share_bar("Where the time went", shares);
}

std::string other_charts(Run& run) {
  std::string figures;
  for (const Series& series : run.history()) {
    if (run.is_shown(series.name)) continue;
    figures += line_chart({.title = series.name,
                           .x_label = std::string(kSteps),
                           .y_label = "value",
                           .series = {series}});
  }
  return figures;
}

std::string settings_table(const ConfigTree& settings) {
  std::string rows;
  for (const std::string& path : settings.paths()) {
    const ConfigNode* node = settings.find(path);
    if (node == nullptr || node->is_map() || node->is_null()) continue;
    // The items of a list stand in the list's own row.
    if (const std::size_t dot = path.rfind('.'); dot != std::string::npos) {
      const ConfigNode* parent = settings.find(path.substr(0, dot));
      if (parent != nullptr && parent->is_list()) continue;
    }
    rows += concat("<tr><td>", escaped(path), "</td><td class=\"text\">",
                   escaped(settings_text(settings, path)), "</td></tr>\n");
  }
  if (rows.empty()) return "";
  return concat("<details><summary>Show all</summary>\n<div class=\"scroll\"><table>\n<tbody>\n",
                rows, "</tbody>\n</table></div>\n</details>\n");
}

Facts facts_of(const fs::path& run_folder, const Run& run, const ConfigTree& settings) {
  Facts facts{{"run", fs::absolute(run_folder).lexically_normal().string()}};
  double last_step = 0;
  for (const Series& series : run.history()) {
    if (!series.points.empty()) last_step = std::max(last_step, series.points.back().x);
  }
  facts.push_back({"updates", with_thousands(static_cast<std::int64_t>(last_step))});
  for (const auto& [name, path] : {std::pair{"from", "restore_from_path"},
                                   {"batch", "model.global_batch_size"},
                                   {"learning rate", "model.optim.lr"},
                                   {"precision", "trainer.precision"}}) {
    if (const std::string text = settings_text(settings, path); !text.empty()) {
      facts.push_back({name, text});
    }
  }
  return facts;
}

}  // namespace

std::string training_report(const fs::path& run_folder, const StopToken& stop) {
  Run run(read_training_history(run_folder / "metrics.jsonl", stop));
  const fs::path settings_path = run_folder / "hparams.yaml";
  const ConfigTree settings = fs::exists(settings_path) ? read_yaml(settings_path) : ConfigTree();
  const std::string name = settings_text(settings, "name");
  const std::string summary = main_figures(run, settings);
  const std::string loss = loss_chart(run);
  const std::string learning = charts_of(run, kLearning);
  const std::string speed = charts_of(run, kSpeed);
  const std::string validation = validation_charts(run);
  return write_page({.title = name.empty() ? "Training run" : concat("Training run ", name),
                     .facts = facts_of(run_folder, run, settings),
                     .summary = summary,
                     .sections = {{"Learning", "", gallery(loss + validation + learning)},
                                  {"Speed", "", gallery(speed + time_shares(run))},
                                  {"Other metrics", "", gallery(other_charts(run))},
                                  {"Settings", "", settings_table(settings)}}});
}

void write_training_report(const fs::path& run_folder,
                           const fs::path& path,
                           const StopToken& stop) {
  write_file_atomically(path, training_report(run_folder, stop));
}

}  // namespace sbert
