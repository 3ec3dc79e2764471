#include "sbert/run/validator.h"

#include <chrono>
#include <cmath>
#include <memory>
#include <optional>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/log.h"
#include "sbert/run/metric_names.h"
#include "sbert/run/rehearsal_embedder.h"
#include "sbert/run/validation.h"

namespace sbert {

bool note_validation(const EarlyStoppingOptions& options, double score, RunPosition& position) {
  if (!std::isfinite(score)) return true;
  const double gain = is_lower_better(options.monitor, options.mode) ? position.best_score - score
                                                                     : score - position.best_score;
  if (std::isnan(position.best_score) || gain > options.min_delta) {
    position.best_score = score;
    position.validations_since_best = 0;
    return false;
  }
  ++position.validations_since_best;
  return position.validations_since_best >= options.patience;
}

double required_value(const Metrics& metrics, const std::string& name) {
  for (const auto& [each, value] : metrics) {
    if (each == name) return value;
  }
  std::string list;
  for (const auto& [each, value] : metrics)
    list += concat(list.empty() ? "" : ", ", each);
  if (list.empty()) list = "nothing, without validation rows and evaluators";
  fail(ErrorKind::kUsage, concat("a validation gives no ", name, "; it gives ", list));
}

bool Validator::ranks() const {
  const std::string& monitor = options_.exp_manager.checkpoint_callback_params.monitor;
  return has_rows() || (measures() && monitor != kLossMetric);
}

void Validator::rehearse(const ComputeContext& context) const {
  const ExpManagerOptions& options = options_.exp_manager;
  constexpr std::int64_t kEvaluatorWidth = 4;
  Metrics metrics;
  if (has_rows()) {
    metrics = validate(RehearsalEmbedder(learner_.card(), learner_.width()), learner_, data_,
                       options_, context);
  }
  const Metrics evaluated =
      run_evaluators(RehearsalEmbedder(learner_.card(), kEvaluatorWidth), options_, context);
  metrics.insert(metrics.end(), evaluated.begin(), evaluated.end());
  if (ranks() || options.checkpoint_callback_params.monitor != kLossMetric) score(metrics);
  if (options.create_early_stopping_callback) early_stopping_score(metrics);
}

Metrics Validator::measure(const ComputeContext& context) const {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  std::optional<WithAverages> averages;
  if (learner_.averages() && !options_.exp_manager.ema.validate_original_weights) {
    averages.emplace(*learner_.averages());
  }
  const std::unique_ptr<TextEmbedder> embedder = learner_.embedder();
  Metrics metrics;
  if (has_rows()) metrics = validate(*embedder, learner_, data_, options_, context);
  const Metrics evaluated = run_evaluators(*embedder, options_, context);
  metrics.insert(metrics.end(), evaluated.begin(), evaluated.end());
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  metrics.emplace_back("validation_step_timing in s", seconds);
  return metrics;
}

std::optional<double> Validator::score(const Metrics& metrics) const {
  const std::string& monitor = options_.exp_manager.checkpoint_callback_params.monitor;
  if (!ranks() && monitor == kLossMetric) return std::nullopt;
  return within("exp_manager.checkpoint_callback_params.monitor",
                [&] { return required_value(metrics, monitor); });
}

double Validator::early_stopping_score(const Metrics& metrics) const {
  return within("exp_manager.early_stopping_callback_params.monitor",
                [&] { return required_value(metrics, early_stopping().monitor); });
}

bool Validator::note(const Metrics& metrics, RunPosition& position) const {
  return options_.exp_manager.create_early_stopping_callback &&
         note_validation(early_stopping(), early_stopping_score(metrics), position);
}

bool Validator::has_ended(const RunPosition& position) const {
  return options_.exp_manager.create_early_stopping_callback &&
         position.validations_since_best >= early_stopping().patience;
}

void Validator::log_metrics(const Metrics& metrics, const RunPosition& position) const {
  std::string line = concat("step ", position.step, ":");
  for (const auto& [name, value] : metrics) {
    if (name.starts_with("val_") || name.find('/') != name.npos)
      line += concat(" ", name, " ", fixed(value, 4));
  }
  log_info(line);
}

void Validator::log_end(const RunPosition& position) const {
  log_info(concat("stopping early: ", early_stopping().monitor, " was not better than ",
                  fixed(position.best_score, 6), " in the last ", position.validations_since_best,
                  " validations"));
}

}  // namespace sbert
