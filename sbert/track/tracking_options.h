#pragma once

#include <tuple>

#include "sbert/base/error.h"
#include "sbert/base/field.h"
#include "sbert/track/wandb_options.h"

namespace sbert {

/// Where the metrics of a run go besides metrics.jsonl: keys of exp_manager, with NeMo's defaults.
struct TrackingOptions {
  bool create_tensorboard_logger = true;
  bool create_wandb_logger = false;
  WandbOptions wandb_logger_kwargs;

  static constexpr auto fields() {
    using Self = TrackingOptions;
    return std::tuple{
        field("create_tensorboard_logger", &Self::create_tensorboard_logger,
              "write metrics for TensorBoard, too"),
        field("create_wandb_logger", &Self::create_wandb_logger,
              "write metrics for Weights & Biases, too"),
        field("wandb_logger_kwargs", &Self::wandb_logger_kwargs, "the run of Weights & Biases"),
    };
  }

  /// @throws Error(kUsage) naming the first key that is out of range
  void validate() const {
    within("wandb_logger_kwargs", [&] { wandb_logger_kwargs.validate(); });
  }
};

}  // namespace sbert
