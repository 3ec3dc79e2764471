#include "sbert/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/log.h"
#include "sbert/base/memory.h"
#include "sbert/base/progress.h"
#include "sbert/base/stop.h"
#include "sbert/config/json.h"
#include "sbert/config/options.h"
#include "sbert/dist/process_group.h"
#include "sbert/nn/device.h"
#include "sbert/optim/schedule.h"
#include "sbert/report/training_report.h"
#include "sbert/track/run_tracker.h"
#include "sbert/train/batch_prefetcher.h"
#include "sbert/train/checkpoint_folder.h"
#include "sbert/train/early_stopping.h"
#include "sbert/train/learner.h"
#include "sbert/train/model_writer.h"
#include "sbert/train/negative_mining.h"
#include "sbert/train/phase_clock.h"
#include "sbert/train/run_plan.h"
#include "sbert/train/throughput.h"
#include "sbert/train/training_data.h"
#include "sbert/train/training_state.h"
#include "sbert/train/validation.h"

namespace sbert {
namespace {

using Clock = std::chrono::steady_clock;

// What stood before the texts in training has to stand there in use.
void set_training_prompts(const DataOptions& data, bool is_pairs, SentenceModel& model) {
  const auto prompt = [](const std::string& prefix) {
    return prefix.empty() ? std::string() : prefix + ' ';
  };
  model.prompts["query"] = prompt(is_pairs ? data.pair_prefix : data.query_prefix);
  model.prompts["passage"] = prompt(is_pairs ? data.pair_prefix : data.passage_prefix);
}

// Threads that share a micro batch. A GPU is kept busy by one.
int num_workers(const c10::Device& device) {
  return device.is_cpu() ? at::get_num_threads() : 1;
}

double required_value(const Metrics& metrics, const std::string& name) {
  for (const auto& [each, value] : metrics) {
    if (each == name) return value;
  }
  std::string list;
  for (const auto& [each, value] : metrics)
    list += concat(list.empty() ? "" : ", ", each);
  fail(ErrorKind::kUsage, concat("a validation gives no ", name, "; it gives ", list));
}

class Trainer {
 public:
  Trainer(const TrainOptions& options,
          const std::filesystem::path& folder,
          SentenceModel& model,
          ProcessGroup& group)
      : options_(options),
        model_(model),
        folder_(folder),
        group_(group),
        data_(options.model),
        plan_(plan_run(options, data_.steps_per_epoch())),
        learner_(options, model, num_workers(model.encoder.device()), group),
        models_(options.exp_manager, folder, model, learner_),
        throughput_(group) {
    if (group.is_leader()) {
      checkpoints_.emplace(folder / "checkpoints", options.exp_manager.name,
                           options.exp_manager.checkpoint_callback_params);
    }
    set_training_prompts(options.model.data, data_.is_pairs(), model);
    position_.data_fingerprint = data_.fingerprint();
    if (options.model.mining.is_on()) {
      mining_.emplace(options.model.mining, data_, folder / "checkpoints", options.exp_manager.name,
                      group);
    }
    if (options.exp_manager.max_time_per_run) {
      max_seconds_ = max_seconds_of_run(*options.exp_manager.max_time_per_run);
    }
  }

  TrainResult fit() {
    resume();
    report_start();
    if (group_.is_leader()) {
      tracker_.emplace(folder_, options_.exp_manager.tracking(), write_json(to_tree(options_)),
                       position_.step);
    }
    try {
      if (is_stopped_before_validation_) validate_and_save();
      if (position_.step < plan_.last_step && !is_stopped_early_ && end_ == RunEnd::kFinished) {
        train();
      }
      if (end_ == RunEnd::kFinished) finish();
    } catch (const Error& error) {
      if (tracker_) tracker_->finish(exit_code(error.kind()));
      throw;
    }
    if (tracker_) tracker_->finish(0);
    return {end_, position_.step};
  }

 private:
  void train() {
    if (mining_) mining_->resume(position_.step);
    Progress progress("training", plan_.last_step - position_.step, "steps");
    throughput_.restart();
    clock_.restart();
    while (position_.step < plan_.last_step && !is_stopped_early_ && end_ == RunEnd::kFinished) {
      if (mining_ && mining_->is_due(position_.step)) {
        if (leaves() || !refresh_negatives(progress)) return;
      }
      train_until(std::min(plan_.last_step, options_.model.mining.next_refresh(position_.step)),
                  progress);
    }
  }

  // Batches are made ahead up to the next refresh of the negatives, and no further.
  void train_until(std::int64_t end, Progress& progress) {
    BatchPrefetcher batches(data_, model_.tokenizer, options_.model, position_.step, end,
                            {group_.rank(), group_.size()});
    while (position_.step < end && !is_stopped_early_) {
      if (leaves()) return;
      const Update update = step(batches);
      if (is_due(options_.trainer.log_every_n_steps)) report_step(update, progress);
      if (is_due(plan_.validation_interval)) validate_and_save();
      if (end_ != RunEnd::kFinished) return;
      progress.advance(1);
    }
  }

  // @return false if a stop was asked for; then the state is saved
  bool refresh_negatives(Progress& progress) {
    clock_.enter(Phase::kMining);
    try {
      // The line is of the update to come, so that a run that goes on from here writes it anew.
      log(position_.step + 1, mining_->refresh(model_, position_.step, progress));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kCancelled) throw;
      leave(RunEnd::kAskedToStop);
      return false;
    }
    clock_.enter(Phase::kOther);
    return true;
  }

  bool leaves() {
    const auto end = reason_to_leave();
    if (end) leave(*end);
    return end.has_value();
  }

  void leave(RunEnd end) {
    end_ = end;
    if (saved_step_ != position_.step) save(std::nullopt);
  }

  // All processes leave if one has a reason to.
  std::optional<RunEnd> reason_to_leave() const {
    const double elapsed = std::chrono::duration<double>(Clock::now() - start_).count();
    const bool is_time_up = max_seconds_ && elapsed >= *max_seconds_;
    const Tensor votes =
        at::tensor(std::vector<std::int64_t>{stop_requested() ? 1 : 0, is_time_up ? 1 : 0});
    group_.sum({votes});
    if (votes[0].item<std::int64_t>() > 0) return RunEnd::kAskedToStop;
    if (votes[1].item<std::int64_t>() > 0) return RunEnd::kTimeIsUp;
    return std::nullopt;
  }

  void log(std::int64_t step, const Metrics& metrics) {
    if (tracker_) tracker_->log(step, metrics);
  }

  // After every so many updates, and after the last.
  bool is_due(std::int64_t interval) const {
    return position_.step % interval == 0 || position_.step == plan_.last_step;
  }

  // The leader reads, the others take over what it found.
  void resume() {
    if (!options_.exp_manager.resume_if_exists) return;
    const auto last = checkpoints_ ? checkpoints_->last() : std::nullopt;
    if (!group_.any(last.has_value())) {
      if (options_.exp_manager.resume_ignore_no_checkpoint) return;
      fail(ErrorKind::kUsage, concat(folder_ / "checkpoints", ": no checkpoint to resume from"));
    }
    const NamedTensors state = learner_.state();
    RunPosition found;
    if (checkpoints_) found = load_state(*last, state);
    share_position(group_, found);
    learner_.resume(state);
    found.data_fingerprint = position_.data_fingerprint;
    position_ = std::move(found);
    saved_step_ = position_.step;
    is_stopped_early_ = options_.exp_manager.create_early_stopping_callback &&
                        position_.validations_since_best >= early_stopping().patience;
    is_stopped_before_validation_ = is_due(plan_.validation_interval) &&
                                    data_.num_validation_rows() > 0 &&
                                    group_.any(checkpoints_ && !checkpoints_->last_has_score());
    if (last) log_info(concat("resuming from ", *last, " at step ", position_.step));
  }

  RunPosition load_state(const std::filesystem::path& path, const NamedTensors& state) const {
    RunPosition found = load_training_state(path, state);
    if (found.data_fingerprint != position_.data_fingerprint) {
      fail(ErrorKind::kUsage,
           concat(path,
                  ": was trained on other data or batches; use another "
                  "exp_manager.explicit_log_dir, or exp_manager.resume_if_exists=False: ",
                  found.data_fingerprint, "; now ", position_.data_fingerprint));
    }
    return found;
  }

  void report_start() const {
    log_info(concat("training on ", with_thousands(data_.num_training_rows()),
                    " rows, validating on ", with_thousands(data_.num_validation_rows()), "; ",
                    with_thousands(data_.steps_per_epoch()), " steps an epoch, ",
                    with_thousands(plan_.last_step), " steps in all"));
    const c10::Device device = model_.encoder.device();
    log_info(concat("on ", device_text(device), ", precision ",
                    precision_name(options_.trainer.compute_precision(device)),
                    group_.size() == 1 ? "" : concat(", one of ", group_.size(), " processes")));
  }

  Update step(BatchPrefetcher& batches) {
    clock_.enter(Phase::kData);
    const std::vector<MicroBatch> micro_batches = batches.next();
    lr_ = learning_rate(plan_.schedule, options_.model.optim.lr, plan_.schedule_steps,
                        position_.step);
    const Update update = learner_.update(micro_batches, position_.step, lr_, clock_);
    ++position_.step;
    position_.consumed_samples += options_.model.global_batch_size;
    throughput_.add(micro_batches);
    return update;
  }

  void report_step(const Update& update, Progress& progress) {
    clock_.enter(Phase::kOther);
    const std::int64_t epoch = (position_.step - 1) / data_.steps_per_epoch();
    Metrics metrics{{"reduced_train_loss", update.loss},
                    {"lr", lr_},
                    {"grad_norm", update.grad_norm},
                    {"global_step", static_cast<double>(position_.step)},
                    {"epoch", static_cast<double>(epoch)},
                    {"consumed_samples", static_cast<double>(position_.consumed_samples)}};
    if (update.loss_scale) metrics.push_back({"loss_scale", *update.loss_scale});
    const Metrics speed = throughput_.metrics(clock_);
    metrics.insert(metrics.end(), speed.begin(), speed.end());
    log(position_.step, metrics);
    constexpr double kGigabyte = 1e9;
    progress.set_note(concat(
        "loss ", fixed(update.loss, 4), "  lr ", lr_, "  ",
        with_thousands(static_cast<std::int64_t>(required_value(speed, "tokens_per_second"))),
        " tokens/s  ", fixed(static_cast<double>(process_memory().resident_bytes) / kGigabyte, 2),
        " GB"));
    throughput_.restart();
    clock_.restart();
  }

  void validate_and_save() {
    if (data_.num_validation_rows() == 0) return save(std::nullopt);
    Metrics metrics;
    try {
      metrics = validated();
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kCancelled) throw;
      end_ = RunEnd::kAskedToStop;
      return save(std::nullopt);
    }
    log(position_.step, metrics);
    report_validation(metrics);
    if (options_.exp_manager.create_early_stopping_callback) {
      is_stopped_early_ = note_validation(
          early_stopping(), required_value(metrics, early_stopping().monitor), position_);
    }
    save(required_value(metrics, options_.exp_manager.checkpoint_callback_params.monitor));
    if (is_stopped_early_) {
      log_info(concat("stopping early: ", early_stopping().monitor, " was not better than ",
                      fixed(position_.best_score, 6), " in the last ",
                      position_.validations_since_best, " validations"));
    }
  }

  Metrics validated() {
    clock_.enter(Phase::kValidation);
    const Clock::time_point start = Clock::now();
    std::optional<WithAverages> averages;
    if (learner_.averages() && !options_.exp_manager.ema.validate_original_weights) {
      averages.emplace(*learner_.averages());
    }
    Metrics metrics = validate(model_, learner_.loss(), data_, options_, group_);
    const Metrics evaluated = run_evaluators(model_, options_, group_);
    metrics.insert(metrics.end(), evaluated.begin(), evaluated.end());
    metrics.push_back({"validation_step_timing in s",
                       std::chrono::duration<double>(Clock::now() - start).count()});
    clock_.enter(Phase::kOther);
    return metrics;
  }

  void report_validation(const Metrics& metrics) const {
    std::string line = concat("step ", position_.step, ":");
    for (const std::string& name : validation_metric_names())
      line += concat(" ", name, " ", fixed(required_value(metrics, name), 4));
    for (const auto& [name, value] : metrics) {
      if (name.find('/') != name.npos) line += concat(" ", name, " ", fixed(value, 4));
    }
    log_info(line);
  }

  void save(std::optional<double> score) {
    clock_.enter(Phase::kSave);
    const NamedTensors state = learner_.state();  // in all processes
    if (checkpoints_) write(state, score);
    saved_step_ = position_.step;
    if (mining_) mining_->keep_for(position_.step);
    clock_.enter(Phase::kOther);
  }

  void write(const NamedTensors& state, std::optional<double> score) {
    checkpoints_->save(
        position_.step, position_.consumed_samples, score,
        [&](const std::filesystem::path& path) { save_training_state(path, state, position_); });
    if (options_.exp_manager.checkpoint_callback_params.always_save_nemo) {
      models_.write_nemo();
    }
  }

  void finish() {
    if (checkpoints_) models_.write_all(*checkpoints_);
    models_.leave_last();
    if (tracker_) write_training_report(folder_, folder_ / "report.html");
  }

  const EarlyStoppingOptions& early_stopping() const {
    return options_.exp_manager.early_stopping_callback_params;
  }

  const TrainOptions& options_;
  SentenceModel& model_;
  std::filesystem::path folder_;
  ProcessGroup& group_;
  TrainingData data_;
  RunPlan plan_;
  std::optional<CheckpointFolder> checkpoints_;  // of the leader, who writes for all
  Learner learner_;
  ModelWriter models_;
  std::optional<NegativeMining> mining_;  // model.mining
  std::optional<RunTracker> tracker_;     // of the leader
  RunPosition position_;
  RunEnd end_ = RunEnd::kFinished;
  Clock::time_point start_ = Clock::now();
  std::optional<double> max_seconds_;
  std::int64_t saved_step_ = 0;  // of the newest checkpoint; a run's first state needs none
  bool is_stopped_before_validation_ = false;
  bool is_stopped_early_ = false;
  double lr_ = 0;
  Throughput throughput_;
  PhaseClock clock_;
};

}  // namespace

TrainResult train_model(const TrainOptions& options,
                        const std::filesystem::path& folder,
                        SentenceModel& model,
                        ProcessGroup& group) {
  const std::int64_t positions = model.encoder.config().max_position_embeddings;
  if (options.model.encoder_seq_length > positions) {
    fail(ErrorKind::kUsage, concat("model.encoder_seq_length is above the checkpoint's positions (",
                                   positions, "): ", options.model.encoder_seq_length));
  }
  options.model.check_shares(group.size());
  std::optional<StopsHeld> held;
  if (group.size() > 1) held.emplace();
  return Trainer(options, folder, model, group).fit();
}

}  // namespace sbert
