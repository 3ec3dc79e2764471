#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "sbert/base/enum_names.h"
#include "sbert/base/field.h"
#include "sbert/optim/ema.h"
#include "sbert/track/tracking_options.h"

namespace sbert {

/// Which values of a metric are better: kAuto leaves that to the metric.
enum class MetricMode { kAuto, kMin, kMax };
constexpr auto enum_names(MetricMode) {
  return std::to_array<EnumName<MetricMode>>(
      {{"auto", MetricMode::kAuto}, {"min", MetricMode::kMin}, {"max", MetricMode::kMax}});
}

/// Whether lower values of the metric are better, by the mode or, with kAuto, by the metric.
bool is_lower_better(const std::string& metric, MetricMode mode);

/// Which checkpoints are kept.
struct CheckpointOptions {
  std::string monitor = "val_loss";
  std::int64_t save_top_k = 10;
  MetricMode mode = MetricMode::kAuto;  // NeMo: min
  bool always_save_nemo = false;
  bool save_nemo_on_train_end = true;
  bool save_best_model = false;
  bool save_sentence_transformers_on_train_end = true;

  static constexpr auto fields() {
    using Self = CheckpointOptions;
    return std::tuple{
        field("monitor", &Self::monitor,
              "metric that ranks checkpoints: val_loss, val_mrr@10, ..."),
        field("save_top_k", &Self::save_top_k, "best checkpoints to keep; -1: all"),
        field("mode", &Self::mode,
              "which values of the metric are better: min or max; auto: as the metric is meant"),
        field("always_save_nemo", &Self::always_save_nemo, "write the .nemo at every checkpoint"),
        field("save_nemo_on_train_end", &Self::save_nemo_on_train_end,
              "write the model as .nemo when training ends"),
        field("save_best_model", &Self::save_best_model,
              "the .nemo of the end holds the best checkpoint's weights, not the last's"),
        field("save_sentence_transformers_on_train_end",
              &Self::save_sentence_transformers_on_train_end,
              "write best-model/ and last-model/ when training ends"),
    };
  }
};

/// When to end a run that no longer gets better. Defaults are NeMo's, but for the mode.
struct EarlyStoppingOptions {
  std::string monitor = "val_loss";
  MetricMode mode = MetricMode::kAuto;  // NeMo: min
  double min_delta = 0.001;
  std::int64_t patience = 10;

  static constexpr auto fields() {
    using Self = EarlyStoppingOptions;
    return std::tuple{
        field("monitor", &Self::monitor, "metric that has to get better"),
        field("mode", &Self::mode,
              "which values of the metric are better: min or max; auto: as the metric is meant"),
        field("min_delta", &Self::min_delta, "least change that counts as better"),
        field("patience", &Self::patience, "validations without it before the run ends"),
    };
  }
};

/// exp_manager.*: logs, checkpoints, resume.
struct ExpManagerOptions {
  std::optional<std::string> explicit_log_dir;
  std::optional<std::string> exp_dir;
  std::string name = "megatron_bert";
  std::optional<std::string> version;
  bool resume_if_exists = true;
  bool resume_ignore_no_checkpoint = true;
  CheckpointOptions checkpoint_callback_params;
  bool create_early_stopping_callback = false;
  EarlyStoppingOptions early_stopping_callback_params;
  EmaOptions ema;
  bool create_tensorboard_logger = true;
  bool create_wandb_logger = false;
  WandbOptions wandb_logger_kwargs;
  std::optional<std::string> max_time_per_run;

  static constexpr auto fields() {
    using Self = ExpManagerOptions;
    return std::tuple{
        field("explicit_log_dir", &Self::explicit_log_dir, "folder of logs and checkpoints"),
        field("exp_dir", &Self::exp_dir,
              "without explicit_log_dir: the folder is exp_dir/name (default nemo_experiments)"),
        field("name", &Self::name, "name of the experiment, first part of checkpoint names"),
        field("version", &Self::version,
              "last part of exp_dir/name/version if resume_if_exists=False (default: the time)"),
        field("resume_if_exists", &Self::resume_if_exists,
              "resume from the last checkpoint in the folder"),
        field("resume_ignore_no_checkpoint", &Self::resume_ignore_no_checkpoint,
              "start anew if there is no checkpoint; false: that is an error"),
        field("checkpoint_callback_params", &Self::checkpoint_callback_params, "which to keep"),
        field("create_early_stopping_callback", &Self::create_early_stopping_callback,
              "end the run when the model no longer gets better"),
        field("early_stopping_callback_params", &Self::early_stopping_callback_params,
              "what better means"),
        field("ema", &Self::ema, "moving average of the weights"),
        field("create_tensorboard_logger", &Self::create_tensorboard_logger,
              "write metrics for TensorBoard, too"),
        field("create_wandb_logger", &Self::create_wandb_logger,
              "write metrics for Weights & Biases, too"),
        field("wandb_logger_kwargs", &Self::wandb_logger_kwargs, "the run of Weights & Biases"),
        field("max_time_per_run", &Self::max_time_per_run,
              "DD:HH:MM:SS after which a run saves and leaves; the same command resumes it"),
    };
  }

  /// @throws Error(kUsage) naming the key that is wrong
  void validate() const;

  TrackingOptions tracking() const {
    return {create_tensorboard_logger, create_wandb_logger, wandb_logger_kwargs};
  }
};

/// Seconds of "DD:HH:MM:SS".
/// @throws Error(kUsage) naming exp_manager.max_time_per_run
double max_seconds_of_run(const std::string& duration);

/// The folder of a run's logs and checkpoints: explicit_log_dir, or exp_dir/name, with /version if
/// the run may not resume (`now`, such as 2026-01-31_17-05-59, where no version is given).
std::string log_folder(const ExpManagerOptions& options, const std::string& now);

}  // namespace sbert
