#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sbert/data/example_set.h"
#include "sbert/data/split.h"
#include "sbert/train/answers.h"
#include "sbert/train/mined_negatives.h"
#include "sbert/train/model_options.h"
#include "sbert/train/negative_refresh.h"
#include "sbert/train/training_batch.h"
#include "sbert/train/training_pool.h"

namespace sbert {

/// The training files of a run, split into rows that train and rows that validate, and cut into
/// global batches. What a step uses depends on the step, the files, the options and the negatives
/// in force alone. Any thread may call.
///
/// With model.data.no_duplicates the batches are made a window of some at a time, each out of the
/// rows that the epoch's order gives the window, as distinct_batches() does it. No window goes over
/// a refresh of the negatives.
class TrainingData {
 public:
  /// @param options outlives this
  /// @throws Error(kUsage) if too few rows are left to train on; what find_files(),
  ///         ExampleSet::open(), check_loss_data() and, with mining, TrainingPool() throw
  explicit TrainingData(const ModelOptions& options);

  std::int64_t steps_per_epoch() const { return steps_per_epoch_; }
  std::int64_t num_training_rows() const { return static_cast<std::int64_t>(rows_.size()); }
  std::int64_t num_validation_rows() const;
  /// True if all training files hold pairs of sentences, whose prompt is model.data.pair_prefix.
  bool is_pairs() const { return examples_.is_pairs(); }
  /// data_warnings() of the training files.
  const std::vector<std::string>& warnings() const { return warnings_; }

  /// The texts of the global batch of an update, from 0. Rows that do not fill the last batch of an
  /// epoch are left out, as NeMo's drop_last does.
  std::vector<TrainingTexts> batch(std::int64_t step) const;
  /// The texts of a validation row: the first positive, the first negatives.
  TrainingTexts validation_row(std::int64_t i) const;
  /// The whole record of a validation row.
  Example validation_example(std::int64_t i) const;

  /// What a mining before the update `step` is about. With model.mining only.
  RefreshTask refresh_task(std::int64_t step) const;
  /// The negatives in force; null: the files' own.
  const std::shared_ptr<const MinedNegatives>& mined() const { return mined_; }
  /// Puts mined negatives in force: those of the newest refresh at or before the steps to come. No
  /// other thread may use this meanwhile.
  void set_mined(std::shared_ptr<const MinedNegatives> mined);

  /// Tells other files, another split, or other choices of rows and batches from these.
  std::string fingerprint() const;

 private:
  struct Window {
    std::int64_t first_step = 0;
    std::vector<std::vector<TrainingTexts>> batches;
  };

  std::int64_t window_start(std::int64_t step) const;
  std::shared_ptr<const Window> window(std::int64_t first_step) const;
  std::shared_ptr<const Window> make_window(std::int64_t first_step) const;
  void fill_order(std::int64_t epoch) const;
  AnswerKeys answers_of(const Example& example) const;
  TrainingTexts row_texts(RowNumber row, std::int64_t epoch) const;
  TrainingTexts texts_of_files(RowNumber row, std::int64_t epoch) const;  // before mining

  const ModelOptions& options_;
  ExampleSet examples_;
  std::optional<ExampleSet> validation_examples_;  // of files of their own
  std::vector<RowNumber> records_;                 // that train
  std::vector<RowNumber> rows_;        // that train; records, or positives with positives=all
  std::vector<RowNumber> validation_;  // records held out
  std::vector<std::string> warnings_;
  std::optional<Answers> answers_;             // of losses that have negatives without scores
  std::optional<Answers> validation_answers_;  // of files of their own
  std::int64_t steps_per_epoch_ = 0;
  std::int64_t steps_per_window_ = 0;
  std::optional<TrainingPool> pool_;  // with model.mining
  std::shared_ptr<const MinedNegatives> mined_;

  mutable std::mutex mutex_;  // of what follows
  mutable std::int64_t epoch_ = -1;
  mutable std::vector<RowNumber> order_;  // of epoch_; empty: that of rows_
  // The last two: threads that go ahead work on both sides of a window's end.
  mutable std::array<std::shared_ptr<const Window>, 2> windows_;
};

}  // namespace sbert
