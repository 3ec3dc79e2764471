#include "sbert/run/exp_manager_options.h"

#include <charconv>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/option_checks.h"
#include "sbert/eval/metric_direction.h"

namespace sbert {
namespace {

[[noreturn]] void refuse_duration(const std::string& duration) {
  fail(ErrorKind::kUsage,
       concat("exp_manager.max_time_per_run must be DD:HH:MM:SS, as 00:03:55:00: ", duration));
}

// With the other mode the worst model would be kept, or a run ended while it gets better.
void check_mode(const std::string& key, const std::string& metric, MetricMode mode) {
  const std::optional<MetricDirection> direction = metric_direction(metric);
  if (!direction) {
    if (mode != MetricMode::kAuto) return;
    fail(ErrorKind::kUsage, concat(key, ".mode must be min or max: which values of ", metric,
                                   " are better is not known"));
  }
  const MetricMode right =
      direction == MetricDirection::kLowerIsBetter ? MetricMode::kMin : MetricMode::kMax;
  if (mode == MetricMode::kAuto || mode == right) return;
  fail(ErrorKind::kUsage, concat(key, ".mode must be ", enum_name(right), " or auto for ", metric,
                                 ", of which ", right == MetricMode::kMin ? "lower" : "higher",
                                 " values are better: ", enum_name(mode)));
}

}  // namespace

bool is_lower_better(const std::string& metric, MetricMode mode) {
  if (mode != MetricMode::kAuto) return mode == MetricMode::kMin;
  return metric_direction(metric) == MetricDirection::kLowerIsBetter;
}

void ExpManagerOptions::validate() const {
  const std::string prefix = "exp_manager.";
  const CheckpointOptions& checkpoints = checkpoint_callback_params;
  const std::string callback = prefix + "checkpoint_callback_params.";
  check_at_least(callback + "save_top_k", checkpoints.save_top_k, -1);
  check_mode(prefix + "checkpoint_callback_params", checkpoints.monitor, checkpoints.mode);
  const EarlyStoppingOptions& stopping = early_stopping_callback_params;
  check_at_least(prefix + "early_stopping_callback_params.patience", stopping.patience, 1);
  check_in_range(prefix + "early_stopping_callback_params.min_delta", stopping.min_delta, 0, 1e300);
  if (create_early_stopping_callback) {
    check_mode(prefix + "early_stopping_callback_params", stopping.monitor, stopping.mode);
  }
  ema.validate();
  within("exp_manager", [&] { tracking().validate(); });
  if (name.empty() || name.find('/') != name.npos) {
    fail(ErrorKind::kUsage, concat("exp_manager.name must be a part of a file's name: ", name));
  }
  if (max_time_per_run) max_seconds_of_run(*max_time_per_run);
}

double max_seconds_of_run(const std::string& duration) {
  std::vector<std::int64_t> parts;
  const char* at = duration.data();
  const char* const end = at + duration.size();
  while (true) {
    std::int64_t part = -1;
    const auto [next, error] = std::from_chars(at, end, part);
    if (error != std::errc() || part < 0 || part > 1'000'000) refuse_duration(duration);
    parts.push_back(part);
    if (next == end) break;
    if (*next != ':') refuse_duration(duration);
    at = next + 1;
  }
  if (parts.size() != 4) refuse_duration(duration);
  return static_cast<double>(((parts[0] * 24 + parts[1]) * 60 + parts[2]) * 60 + parts[3]);
}

std::string log_folder(const ExpManagerOptions& options, const std::string& now) {
  if (options.explicit_log_dir) return *options.explicit_log_dir;
  const std::string folder =
      concat(options.exp_dir.value_or("nemo_experiments"), "/", options.name);
  return options.resume_if_exists ? folder : concat(folder, "/", options.version.value_or(now));
}

}  // namespace sbert
