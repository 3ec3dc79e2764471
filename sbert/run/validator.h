#pragma once

#include <optional>
#include <string>

#include "sbert/base/metrics.h"
#include "sbert/base/worker_pool.h"
#include "sbert/run/train_options.h"
#include "sbert/run/training_state.h"
#include "sbert/train/learner.h"
#include "sbert/train/training_data.h"

namespace sbert {

/// Takes note of a validation's value of the monitored metric in the position.
/// @return true if the run is to end: `patience` validations in a row were not better than the best
///         one by more than min_delta, or the value is not a number
bool note_validation(const EarlyStoppingOptions& options, double score, RunPosition& position);

/// The value of a metric of a validation.
/// @throws Error(kUsage) if there is none of that name, listing those there are
double required_value(const Metrics& metrics, const std::string& name);

/// Measures the model in training, and says when it no longer gets better.
class Validator {
 public:
  /// @param options, data, learner outlive this
  Validator(const TrainOptions& options, const TrainingData& data, Learner& learner)
      : options_(options), data_(data), learner_(learner) {}

  /// Whether there is something to measure: rows to validate on, or evaluators.
  bool measures() const { return has_rows() || !options_.trainer.evaluators.empty(); }
  /// Whether the metric that ranks checkpoints is measured.
  bool ranks() const;

  /// Does what measure() will do, with vectors that cost nothing, so that what is wrong with the
  /// rows, the files of the evaluators or the monitored metrics is said before the first update.
  /// @throws Error as measure(), score() and note()
  void rehearse(const ComputeContext& context) const;

  /// validate(), if there are rows, and run_evaluators() with the moving average of the weights, if
  /// there is one and the options do not say otherwise; and the time that it took. To be called in
  /// all processes.
  /// @throws Error(kCancelled) when a stop is requested
  Metrics measure(const ComputeContext& context) const;

  /// The value that ranks checkpoints, if it is measured.
  /// @throws Error(kUsage) if there is no such metric
  std::optional<double> score(const Metrics& metrics) const;

  /// note_validation() with early stopping; without it, false.
  bool note(const Metrics& metrics, RunPosition& position) const;
  /// Whether early stopping ended the run at this position.
  bool has_ended(const RunPosition& position) const;

  /// Logs a line with the metrics of a validation, and why the run ends if it does.
  void log_metrics(const Metrics& metrics, const RunPosition& position) const;
  void log_end(const RunPosition& position) const;

 private:
  bool has_rows() const { return data_.num_validation_rows() > 0; }
  double early_stopping_score(const Metrics& metrics) const;

  const EarlyStoppingOptions& early_stopping() const {
    return options_.exp_manager.early_stopping_callback_params;
  }

  const TrainOptions& options_;
  const TrainingData& data_;
  Learner& learner_;
};

}  // namespace sbert
