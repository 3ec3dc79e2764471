#include "sbert/train/training_data.h"

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {

TrainingData::TrainingData(const ModelOptions& options)
    : options_(options),
      file_(ExampleFile::open(options.data.data_prefix)),
      split_(split_rows(file_.size(), options.data.evaluation_sample_size)),
      steps_per_epoch_(num_training_rows() / options.global_batch_size) {
  if (steps_per_epoch_ == 0) {
    fail(ErrorKind::kUsage,
         concat(options.data.data_prefix, ": ", num_training_rows(),
                " rows are left to train on, fewer than model.global_batch_size: ",
                options.global_batch_size));
  }
}

std::vector<TrainingTexts> TrainingData::batch(std::int64_t step) const {
  const std::int64_t epoch = step / steps_per_epoch_;
  if (epoch != epoch_) {
    order_ = epoch_order(split_.train, static_cast<std::uint64_t>(options_.seed), epoch);
    epoch_ = epoch;
  }
  const std::int64_t first = step % steps_per_epoch_ * options_.global_batch_size;
  std::vector<TrainingTexts> rows;
  for (std::int64_t i = first; i < first + options_.global_batch_size; ++i) {
    rows.push_back(training_texts(file_.read(order_[static_cast<std::size_t>(i)]), options_));
  }
  return rows;
}

TrainingTexts TrainingData::validation_row(std::int64_t i) const {
  return training_texts(file_.read(split_.validation[static_cast<std::size_t>(i)]), options_);
}

std::string TrainingData::fingerprint() const {
  return concat(file_.size(), " rows of ", file_.bytes(), " bytes, ", num_validation_rows(),
                " validate, seed ", options_.seed, ", batch ", options_.global_batch_size);
}

}  // namespace sbert
