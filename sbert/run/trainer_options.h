#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "sbert/base/enum_names.h"
#include "sbert/base/field.h"
#include "sbert/config/config_tree.h"
#include "sbert/nn/compute_precision.h"

namespace c10 {
struct Device;
}  // namespace c10

namespace sbert {

enum class Accelerator { kAuto, kCpu, kGpu };
constexpr auto enum_names(Accelerator) {
  return std::to_array<EnumName<Accelerator>>({{"auto", Accelerator::kAuto},
                                               {"cpu", Accelerator::kCpu},
                                               {"gpu", Accelerator::kGpu},
                                               {"cuda", Accelerator::kGpu}});
}

/// trainer.precision: of ComputePrecision, or what suits the device.
enum class TrainerPrecision { kAuto, k32, kBf16, k16 };
constexpr auto enum_names(TrainerPrecision) {
  return std::to_array<EnumName<TrainerPrecision>>({{"auto", TrainerPrecision::kAuto},
                                                    {"32", TrainerPrecision::k32},
                                                    {"32-true", TrainerPrecision::k32},
                                                    {"bf16", TrainerPrecision::kBf16},
                                                    {"bf16-mixed", TrainerPrecision::kBf16},
                                                    {"16", TrainerPrecision::k16},
                                                    {"16-mixed", TrainerPrecision::k16}});
}

/// A task that the model is measured at in each validation, as sbert evaluate does it.
struct EvaluatorOptions {
  std::string task;
  std::string data;
  std::string name;
  std::string split = "test";

  static constexpr auto fields() {
    using Self = EvaluatorOptions;
    return std::tuple{
        field("task", &Self::task, "sts, retrieval, ..."),
        field("data", &Self::data, "its file or folder"),
        field("name", &Self::name, "first part of its metrics' names; default: the task"),
        field("split", &Self::split, "of retrieval: qrels/SPLIT.tsv"),
    };
  }

  const std::string& label() const { return name.empty() ? task : name; }
};

/// trainer.*: how long, how often, on what. NeMo's names; defaults are NeMo's, except where a
/// comment says otherwise.
struct TrainerOptions {
  std::int64_t devices = 1;
  std::int64_t num_nodes = 1;
  std::int64_t process_timeout_s = 600;                  // not of NeMo
  Accelerator accelerator = Accelerator::kAuto;          // NeMo: gpu
  TrainerPrecision precision = TrainerPrecision::kAuto;  // NeMo: 16
  std::int64_t max_epochs = -1;
  std::int64_t max_steps = 100'000;
  std::int64_t log_every_n_steps = 10;
  ConfigNode val_check_interval{std::int64_t{100}};
  ConfigNode limit_val_batches{1.0};  // NeMo's configuration: 50
  double gradient_clip_val = 1.0;
  std::vector<EvaluatorOptions> evaluators;

  static constexpr auto fields() {
    using Self = TrainerOptions;
    return std::tuple{
        field("devices", &Self::devices, "processes of this machine, one a GPU"),
        field("num_nodes", &Self::num_nodes, "machines; above 1 a launcher starts the processes"),
        field("process_timeout_s", &Self::process_timeout_s,
              "seconds that a process waits for the others before it gives up"),
        field("accelerator", &Self::accelerator, "auto (a GPU if there is one), cpu, gpu or cuda"),
        field("precision", &Self::precision,
              "auto (bf16 on a GPU that has it, else 32), 32 or 32-true, bf16 or bf16-mixed, 16 or "
              "16-mixed"),
        field("max_epochs", &Self::max_epochs, "passes over the training rows; -1: no limit"),
        field("max_steps", &Self::max_steps, "optimizer updates; -1: no limit"),
        field("log_every_n_steps", &Self::log_every_n_steps, "updates between two logged lines"),
        field("val_check_interval", &Self::val_check_interval,
              "updates between two validations and checkpoints; or a share of an epoch, as 0.25"),
        field("limit_val_batches", &Self::limit_val_batches,
              "most global batches of a validation, or a share of them; 1.0: all"),
        field("gradient_clip_val", &Self::gradient_clip_val,
              "largest L2 norm of the gradient; 0: no limit"),
        field("evaluators", &Self::evaluators,
              "tasks of each validation: [{task: sts, data: dev.tsv, name: stsb}]"),
    };
  }

  /// @throws Error(kUsage) naming the key that is wrong
  void validate() const;

  /// Where to train, by accelerator: of the GPUs, the one with the number of the process on its
  /// machine.
  /// @throws Error(kUsage) if the device cannot be used, or cannot compute in this precision
  c10::Device device(int local_rank = 0) const;
  /// What precision means on a device.
  ComputePrecision compute_precision(const c10::Device& device) const;

  /// Updates between two validations.
  /// @throws Error(kUsage) if val_check_interval is neither a count nor a share in (0, 1]
  std::int64_t validation_interval(std::int64_t steps_per_epoch) const;

  /// How many of the global batches of the validation rows are measured.
  /// @throws Error(kUsage) if limit_val_batches is neither a count nor a share in (0, 1]
  std::int64_t num_val_batches(std::int64_t batches) const;
};

}  // namespace sbert
