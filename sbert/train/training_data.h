#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sbert/data/split.h"
#include "sbert/data/training_examples.h"
#include "sbert/train/train_options.h"
#include "sbert/train/training_batch.h"

namespace sbert {

/// The training file of a run, split, and cut into global batches. Which rows a step uses depends
/// on the step and the options alone.
class TrainingData {
 public:
  /// @throws Error(kUsage) if too few rows are left to train on; what ExampleFile::open() throws
  explicit TrainingData(const ModelOptions& options);

  std::int64_t steps_per_epoch() const { return steps_per_epoch_; }
  std::int64_t num_training_rows() const { return static_cast<std::int64_t>(split_.train.size()); }
  std::int64_t num_validation_rows() const {
    return static_cast<std::int64_t>(split_.validation.size());
  }

  /// The texts of the global batch of an update, from 0. An incomplete last batch of an epoch is
  /// left out, as NeMo's drop_last does.
  std::vector<TrainingTexts> batch(std::int64_t step) const;
  /// The texts of a validation row.
  TrainingTexts validation_row(std::int64_t i) const;

  /// Tells another file, or another split of it, from this one.
  std::string fingerprint() const;

 private:
  const ModelOptions& options_;
  ExampleFile file_;
  Split split_;
  std::int64_t steps_per_epoch_;
  // The order of the epoch that was asked for last.
  mutable std::int64_t epoch_ = -1;
  mutable std::vector<std::int64_t> order_;
};

}  // namespace sbert
