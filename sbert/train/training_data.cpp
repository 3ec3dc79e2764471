#include "sbert/train/training_data.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/random.h"
#include "sbert/config/json.h"
#include "sbert/config/options.h"
#include "sbert/data/distinct_batches.h"
#include "sbert/data/file_patterns.h"
#include "sbert/data/text_key.h"
#include "sbert/train/data_warnings.h"
#include "sbert/train/loss_data.h"
#include "sbert/train/negative_mixer.h"

namespace sbert {
namespace {

// Keys of what is drawn, so that no two draws share numbers.
constexpr std::uint64_t kPositivesDraw = 0x706f7369;
constexpr std::uint64_t kNegativesDraw = 0x6e656761;
constexpr std::uint64_t kMixDraw = 0x6d697864;

ExampleFileOptions file_options(const DataOptions& data) {
  ExampleFileOptions options;
  if (data.index_mapping_dir) options.index_folder = *data.index_mapping_dir;
  options.skips_bad_records = data.on_bad_record == OnBadRecord::kSkip;
  return options;
}

ExampleSet open_files(const FilePatterns& files, const DataOptions& data) {
  return ExampleSet::open(find_files(files), file_options(data));
}

/// A row for each positive of the records: all first ones in the records' order, then all second
/// ones, and so on, so that rows of one question lie far apart.
std::vector<RowNumber> rows_of_positives(const ExampleSet& examples,
                                         std::vector<RowNumber> records) {
  if (examples.num_positives() > std::numeric_limits<RowNumber>::max()) {
    fail(ErrorKind::kInput, concat("more than 4,294,967,295 rows: ", examples.num_positives()));
  }
  std::vector<RowNumber> rows;
  for (std::int64_t round = 0; !records.empty(); ++round) {
    std::size_t left = 0;
    for (const RowNumber record : records) {
      const std::int64_t first = examples.first_positive(record);
      rows.push_back(static_cast<RowNumber>(first + round));
      const bool has_more = first + round + 1 < examples.first_positive(std::int64_t{record} + 1);
      if (has_more) records[left++] = record;
    }
    records.resize(left);
  }
  return rows;
}

RowKeys keys_of(const TrainingTexts& row) {
  RowKeys keys{text_key(row.question), text_key(row.positive), {}, row.question_as_document};
  for (const std::string& negative : row.negatives)
    keys.negatives.push_back(text_key(negative));
  return keys;
}

std::vector<std::vector<TrainingTexts>> cut_distinct(std::vector<TrainingTexts> rows,
                                                     std::int64_t batch_size) {
  std::vector<RowKeys> keys;
  keys.reserve(rows.size());
  for (const TrainingTexts& row : rows)
    keys.push_back(keys_of(row));
  const Batches placed = distinct_batches(keys, batch_size);
  std::vector<std::vector<TrainingTexts>> batches;
  for (const std::vector<std::size_t>& numbers : placed.rows) {
    std::vector<TrainingTexts>& batch = batches.emplace_back();
    for (const std::size_t i : numbers) {
      drop_negatives(rows[i], placed.dropped_negatives[i]);
      batch.push_back(std::move(rows[i]));
    }
  }
  return batches;
}

std::string hexadecimal(std::uint64_t number) {
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, number, 16);
  return {digits, end.ptr};
}

// Where a label or a teacher's scores say how near a document is to be, none is a false negative.
bool needs_answers(const LossOptions& loss) {
  return loss.name == LossKind::kTriplet ||
         (loss.name == LossKind::kContrastive && loss.mask_known_positives);
}

// As many rows as make repetitions placeable, within memory.
std::int64_t batches_of_window(const ModelOptions& options) {
  constexpr std::int64_t kMostBatches = 16;
  constexpr std::int64_t kMostRows = 32'768;
  if (!options.data.no_duplicates) return 1;
  return std::clamp<std::int64_t>(kMostRows / options.global_batch_size, 2, kMostBatches);
}

}  // namespace

TrainingData::TrainingData(const ModelOptions& options)
    : options_(options),
      examples_(open_files(options.data.training_files(), options.data)),
      steps_per_window_(batches_of_window(options)) {
  const DataOptions& data = options.data;
  check_loss_data(examples_, options);
  std::int64_t held_out = data.evaluation_sample_size;
  if (!data.data_validation.empty()) {
    validation_examples_ = open_files(data.data_validation, data);
    check_loss_data(*validation_examples_, options);
    held_out = 0;
  }
  warnings_ = data_warnings(examples_.files(), options.loss);
  if (needs_answers(options.loss)) {
    answers_.emplace(examples_, options);
    if (validation_examples_) validation_answers_.emplace(*validation_examples_, options);
  }
  Split split = split_records(examples_.size(), held_out);
  validation_ = std::move(split.validation);
  rows_ = data.positives == PositiveChoice::kAll ? rows_of_positives(examples_, split.train)
                                                 : split.train;
  steps_per_epoch_ = num_training_rows() / options.global_batch_size;
  if (steps_per_epoch_ == 0) {
    fail(ErrorKind::kUsage,
         concat(data.training_files().patterns.front(), ": ", num_training_rows(),
                " rows are left to train on, fewer than model.global_batch_size: ",
                options.global_batch_size));
  }
  if (options.mining.is_on()) {
    records_ = std::move(split.train);
    pool_.emplace(examples_, records_, options.mining.pool, options.mining.pool_format);
  }
}

std::int64_t TrainingData::num_validation_rows() const {
  return validation_examples_ ? validation_examples_->size()
                              : static_cast<std::int64_t>(validation_.size());
}

std::int64_t TrainingData::window_start(std::int64_t step) const {
  const std::int64_t epoch_start = step - step % steps_per_epoch_;
  const std::int64_t first = std::max(epoch_start, options_.mining.last_refresh(step));
  return step - (step - first) % steps_per_window_;
}

std::vector<TrainingTexts> TrainingData::batch(std::int64_t step) const {
  const std::shared_ptr<const Window> found = window(window_start(step));
  return found->batches[static_cast<std::size_t>(step - found->first_step)];
}

std::shared_ptr<const TrainingData::Window> TrainingData::window(std::int64_t first_step) const {
  const std::lock_guard lock(mutex_);
  for (const auto& each : windows_) {
    if (each && each->first_step == first_step) return each;
  }
  windows_[0] = std::exchange(windows_[1], make_window(first_step));
  return windows_[1];
}

void TrainingData::fill_order(std::int64_t epoch) const {
  if (epoch == epoch_) return;
  epoch_ = epoch;
  order_.clear();
  if (epoch == 0 || options_.data.order == EpochOrder::kNemo) return;
  order_ = epoch_order(rows_, static_cast<std::uint64_t>(options_.seed), epoch);
}

std::shared_ptr<const TrainingData::Window> TrainingData::make_window(
    std::int64_t first_step) const {
  const std::int64_t epoch = first_step / steps_per_epoch_;
  fill_order(epoch);
  const std::vector<RowNumber>& order = order_.empty() ? rows_ : order_;
  const std::int64_t step = first_step % steps_per_epoch_;
  const std::int64_t num_batches =
      std::min({steps_per_window_, steps_per_epoch_ - step,
                options_.mining.next_refresh(first_step) - first_step});
  const std::int64_t first = step * options_.global_batch_size;
  std::vector<TrainingTexts> rows;
  for (std::int64_t i = first; i < first + num_batches * options_.global_batch_size; ++i)
    rows.push_back(row_texts(order[static_cast<std::size_t>(i)], epoch));
  auto window = std::make_shared<Window>();
  window->first_step = first_step;
  if (options_.data.no_duplicates) {
    window->batches = cut_distinct(std::move(rows), options_.global_batch_size);
  } else {
    window->batches.push_back(std::move(rows));
  }
  return window;
}

RefreshTask TrainingData::refresh_task(std::int64_t step) const {
  return {options_, examples_, records_, pool_.value(), step};
}

void TrainingData::set_mined(std::shared_ptr<const MinedNegatives> mined) {
  const std::lock_guard lock(mutex_);
  mined_ = std::move(mined);
  windows_ = {};
}

TrainingTexts TrainingData::row_texts(RowNumber row, std::int64_t epoch) const {
  const bool is_of_positive = options_.data.positives == PositiveChoice::kAll;
  const std::int64_t record = is_of_positive ? examples_.record_of_positive(row) : row;
  TrainingTexts texts = texts_of_files(row, epoch);
  if (mined_) {
    const std::uint64_t key =
        derive_key(static_cast<std::uint64_t>(options_.seed), kMixDraw, mined_->step, epoch, row);
    mix_negatives(texts, {record, examples_.is_pairs(), key}, *mined_, *pool_, options_);
  }
  return texts;
}

AnswerKeys TrainingData::answers_of(const Example& example) const {
  return answers_ ? answers_->of(example) : AnswerKeys();
}

TrainingTexts TrainingData::texts_of_files(RowNumber row, std::int64_t epoch) const {
  const DataOptions& data = options_.data;
  const auto seed = static_cast<std::uint64_t>(options_.seed);
  DocumentChoice choice;
  if (data.negatives == NegativeChoice::kRandom) {
    choice.negatives_key = derive_key(seed, kNegativesDraw, epoch, row);
  }
  if (data.positives == PositiveChoice::kAll) {
    const std::int64_t record = examples_.record_of_positive(row);
    choice.positive = static_cast<std::size_t>(row - examples_.first_positive(record));
    const Example example = examples_.read(record);
    choice.answers = answers_of(example);
    return training_texts(example, options_, choice);
  }
  const Example example = examples_.read(row);
  choice.answers = answers_of(example);
  if (data.positives == PositiveChoice::kRandom && example.pos_doc.size() > 1) {
    const auto count = static_cast<RowNumber>(example.pos_doc.size());
    choice.positive = permutation(
        count, derive_key(seed, kPositivesDraw, row))[static_cast<std::size_t>(epoch % count)];
  }
  return training_texts(example, options_, choice);
}

TrainingTexts TrainingData::validation_row(std::int64_t i) const {
  const Example example = validation_example(i);
  const std::optional<Answers>& answers = validation_examples_ ? validation_answers_ : answers_;
  return training_texts(example, options_,
                        {.answers = answers ? answers->of(example) : AnswerKeys()});
}

Example TrainingData::validation_example(std::int64_t i) const {
  return validation_examples_ ? validation_examples_->read(i)
                              : examples_.read(validation_[static_cast<std::size_t>(i)]);
}

std::string TrainingData::fingerprint() const {
  const DataOptions& data = options_.data;
  std::string text =
      concat(examples_.size(), " records of ", examples_.bytes(), " bytes, content ",
             hexadecimal(examples_.content_key()), ", ", num_validation_rows(), " validate, seed ",
             options_.seed, ", batch ", options_.global_batch_size, ", positives ",
             enum_name(data.positives), ", negatives ", enum_name(data.negatives), " ",
             data.hard_negatives_to_train, ", order ", enum_name(data.order),
             data.no_duplicates ? ", no duplicates" : "");
  if (validation_examples_) {
    text += concat(", validation content ", hexadecimal(validation_examples_->content_key()));
  }
  if (pool_) {
    TrainingMiningOptions mining = options_.mining;
    mining.pool.clear();  // its content counts, not its place
    mining.pool_format.reset();
    text += concat(", mining ", write_json(to_tree(mining)), " from ", pool_->num_candidates(),
                   " documents, content ", hexadecimal(pool_->content_key()));
  }
  return text;
}

}  // namespace sbert
