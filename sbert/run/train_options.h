#pragma once

#include <string>
#include <tuple>

#include "sbert/base/field.h"
#include "sbert/run/exp_manager_options.h"
#include "sbert/run/trainer_options.h"
#include "sbert/train/model_options.h"

namespace sbert {

/// The configuration of a training run under NeMo's key names (docs/nemo.md), read once by the
/// command line. Defaults are NeMo's, except where a comment says otherwise.
struct TrainOptions {
  std::string name = "megatron_bert";
  std::string restore_from_path;
  TrainerOptions trainer;
  ExpManagerOptions exp_manager;
  ModelOptions model;

  static constexpr auto fields() {
    using Self = TrainOptions;
    return std::tuple{
        field("name", &Self::name, "label of the run"),
        field("restore_from_path", &Self::restore_from_path,
              "model to start from: .nemo, Hugging Face or sentence-transformers folder"),
        field("trainer", &Self::trainer, "length, cadence, devices"),
        field("exp_manager", &Self::exp_manager, "logs, checkpoints, resume"),
        field("model", &Self::model, "batches, loss, data, optimizer"),
    };
  }

  /// @throws Error(kUsage) naming the key that is missing or out of range
  void validate() const;
};

}  // namespace sbert
