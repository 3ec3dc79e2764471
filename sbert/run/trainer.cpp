#include "sbert/run/trainer.h"

#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <ATen/ATen.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/log.h"
#include "sbert/base/memory.h"
#include "sbert/base/progress.h"
#include "sbert/base/significant.h"
#include "sbert/config/json.h"
#include "sbert/config/options.h"
#include "sbert/embed/long_texts.h"
#include "sbert/nn/device.h"
#include "sbert/optim/schedule.h"
#include "sbert/run/checkpoints.h"
#include "sbert/run/model_writer.h"
#include "sbert/run/negative_mining.h"
#include "sbert/run/run_plan.h"
#include "sbert/run/run_settings.h"
#include "sbert/run/start_report.h"
#include "sbert/run/validation.h"
#include "sbert/run/validator.h"
#include "sbert/track/run_tracker.h"
#include "sbert/train/batch_prefetcher.h"
#include "sbert/train/learner.h"
#include "sbert/train/throughput.h"
#include "sbert/train/training_data.h"

namespace sbert {
namespace {

// What the texts are prefixed with in training they have to be prefixed with in use.
TextModel with_training_prompts(TextModel model, const DataOptions& data, bool is_pairs) {
  const auto prompt = [](const std::string& prefix) {
    return prefix.empty() ? std::string() : prefix + ' ';
  };
  model.card.prompts["query"] = prompt(is_pairs ? data.pair_prefix : data.query_prefix);
  for (const char* name : {"passage", "document"})  // both names that readers look for
    model.card.prompts[name] = prompt(is_pairs ? data.pair_prefix : data.passage_prefix);
  return model;
}

LearnerOptions learner_options(const TrainOptions& options, const c10::Device& device) {
  return {.precision = options.trainer.compute_precision(device),
          .gradient_clip_val = options.trainer.gradient_clip_val,
          .ema = options.exp_manager.ema};
}

std::optional<double> max_seconds(const ExpManagerOptions& options) {
  if (!options.max_time_per_run) return std::nullopt;
  return max_seconds_of_run(*options.max_time_per_run);
}

// Of what several processes do together none may leave on its own: the others would wait for it.
StopToken stop_within_phases(const StopToken& stop, const ProcessGroup& group) {
  return group.size() > 1 ? StopToken() : stop;
}

// The updates of a run in their order, with what is due between them. Each phase returns how the
// run ends, or nothing if it goes on.
class RunLoop {
 public:
  RunLoop(const TrainOptions& options,
          const std::filesystem::path& folder,
          TextModel start,
          const c10::Device& device,
          const ComputeContext& context,
          ProcessGroup& group)
      : options_(options),
        folder_(folder),
        stop_(context.stop),
        context_{context.pool, stop_within_phases(context.stop, group)},
        group_(group),
        position_{.settings =
                      run_settings(options, options.trainer.compute_precision(device), start)},
        data_(options.model),
        plan_(plan_run(options, data_.steps_per_epoch())),
        learner_(options.model,
                 learner_options(options, device),
                 with_training_prompts(std::move(start), options.model.data, data_.is_pairs()),
                 device,
                 context.pool,
                 group),
        checkpoints_(options.exp_manager, folder, learner_, group),
        validator_(options, data_, learner_),
        early_end_(context.stop, max_seconds(options.exp_manager), group),
        throughput_(group) {
    position_.data_fingerprint = data_.fingerprint();
    if (options.model.mining.is_on()) {
      mining_.emplace(options.model.mining, data_, folder / "checkpoints", options.exp_manager.name,
                      group);
    }
  }

  TrainResult run() {
    const bool is_resumed = checkpoints_.resume(position_);
    if (!rehearse()) return {RunEnd::kAskedToStop, position_.step, finished_model(learner_)};
    log_start();
    warn_of_warmup(options_);
    if (group_.is_leader()) {
      tracker_.emplace(folder_, options_.exp_manager.tracking(), write_json(to_tree(options_)),
                       position_.step);
    }
    try {
      const RunEnd end = train_or_save(is_resumed);
      log_cut_texts();
      if (end == RunEnd::kFinished) checkpoints_.write_models();
      const bool is_stopped = end == RunEnd::kAskedToStop;
      if (tracker_) tracker_->finish(is_stopped ? exit_code(ErrorKind::kCancelled) : 0, stop_);
      return {end, position_.step, finished_model(learner_)};
    } catch (const Error& error) {
      if (tracker_) tracker_->finish(exit_code(error.kind()), stop_);
      throw;
    }
  }

 private:
  // False if a stop is asked for: nothing is done then that would be lost.
  bool rehearse() const {
    try {
      validator_.rehearse(context_);
      return true;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kCancelled) return false;
      throw;
    }
  }

  RunEnd train_or_save(bool is_resumed) {
    try {
      return train(is_resumed);
    } catch (const Error& error) {
      // Of several processes none is stopped within a phase: another one was.
      if (error.kind() != ErrorKind::kCancelled || group_.size() > 1) {
        save_after_failure();
        throw;
      }
      save_once();
      return RunEnd::kAskedToStop;
    } catch (const std::exception&) {
      save_after_failure();
      throw;
    }
  }

  RunEnd train(bool is_resumed) {
    if (is_resumed && validator_.ranks() && is_due(plan_.validation_interval) &&
        checkpoints_.last_lacks_score()) {
      if (const auto end = validate_and_save()) return *end;
    } else if (is_resumed && validator_.has_ended(position_)) {
      return RunEnd::kFinished;
    }
    if (position_.step >= plan_.last_step) return RunEnd::kFinished;
    if (mining_) mining_->resume(position_.step);
    Progress progress("training", plan_.last_step - position_.step, "steps");
    throughput_.restart();
    clock_.restart();
    while (position_.step < plan_.last_step) {
      if (mining_ && mining_->is_due(position_.step)) {
        if (const auto end = refresh_negatives(progress)) return *end;
      }
      const std::int64_t next = options_.model.mining.next_refresh(position_.step);
      if (const auto end = train_until(std::min(plan_.last_step, next), progress)) return *end;
    }
    return RunEnd::kFinished;
  }

  // Batches are made ahead up to the next refresh of the negatives, and no further.
  std::optional<RunEnd> train_until(std::int64_t last_step, Progress& progress) {
    BatchPrefetcher batches(data_, learner_.tokenizer(), options_.model, position_.step, last_step,
                            {group_.rank(), group_.size()});
    while (position_.step < last_step) {
      if (const auto end = leave_early()) return end;
      const double lr = learning_rate(plan_.schedule, options_.model.optim.lr, plan_.schedule_steps,
                                      position_.step);
      const StepResult result = step(batches, lr);
      if (is_due(options_.trainer.log_every_n_steps)) log_step(result, lr, progress);
      if (is_due(plan_.validation_interval)) {
        if (const auto end = validate_and_save()) return end;
      }
      progress.advance(1);
    }
    return std::nullopt;
  }

  std::optional<RunEnd> leave_early() {
    const auto end = early_end_.reason();
    if (end) save_once();
    return end;
  }

  std::optional<RunEnd> refresh_negatives(Progress& progress) {
    if (const auto end = leave_early()) return end;
    clock_.enter(Phase::kMining);
    const std::unique_ptr<TextEmbedder> embedder = learner_.embedder();
    // The line is of the update to come, so that a run that resumes here writes it anew.
    log(position_.step + 1, mining_->refresh(*embedder, position_.step, progress, context_));
    clock_.enter(Phase::kOther);
    return std::nullopt;
  }

  StepResult step(BatchPrefetcher& batches, double lr) {
    clock_.enter(Phase::kData);
    const std::vector<MicroBatch> micro_batches = batches.next();
    is_between_updates_ = false;
    const StepResult result = learner_.update(micro_batches, position_.step, lr, clock_);
    is_between_updates_ = true;
    ++position_.step;
    position_.consumed_samples += options_.model.global_batch_size;
    throughput_.add(micro_batches);
    if (result.left_out_negatives > 0) report_left_out(result.left_out_negatives);
    for (const MicroBatch& batch : micro_batches) {
      tokenized_[0] += batch.tokens.num_sequences();
      tokenized_[1] += batch.num_cut;
    }
    return result;
  }

  // Once a run.
  void report_left_out(std::int64_t count) {
    if (std::exchange(has_reported_left_out_, true)) return;
    log_info(
        concat("step ", position_.step, ": ", with_thousands(count), " of the batch's negatives ",
               "are left out: by the data they are positives of the question, or its own text; "
               "left_out_negatives in metrics.jsonl counts them"));
  }

  std::optional<RunEnd> validate_and_save() {
    if (!validator_.measures()) {
      save(std::nullopt);
      return std::nullopt;
    }
    clock_.enter(Phase::kValidation);
    const Metrics metrics = validator_.measure(context_);
    clock_.enter(Phase::kOther);
    log(position_.step, metrics);
    validator_.log_metrics(metrics, position_);
    const bool is_over = validator_.note(metrics, position_);
    save(validator_.score(metrics));
    if (!is_over) return std::nullopt;
    validator_.log_end(position_);
    return RunEnd::kFinished;
  }

  // What was learned is not lost to a file that cannot be read. Nothing is saved in the midst of an
  // update, nor where other processes, one of which may be gone, hold parts of the state.
  void save_after_failure() {
    if (!is_between_updates_ || (group_.size() > 1 && options_.model.optim.is_sharded())) return;
    try {
      save_once();
      log_info(concat("the state after step ", position_.step,
                      " is saved; once the error below is mended, the same command resumes it"));
    } catch (const std::exception& error) {
      log_warning(concat("the state after step ", position_.step, " is not saved: ", error.what()));
    }
  }

  void save_once() {
    if (!checkpoints_.is_saved(position_)) save(std::nullopt);
  }

  void save(std::optional<double> score) {
    clock_.enter(Phase::kSave);
    is_between_updates_ = false;
    checkpoints_.save(position_, score);
    if (mining_) mining_->keep_for(position_.step);
    is_between_updates_ = true;
    clock_.enter(Phase::kOther);
  }

  // After every `interval` updates, and after the last.
  bool is_due(std::int64_t interval) const {
    return position_.step % interval == 0 || position_.step == plan_.last_step;
  }

  void log(std::int64_t step, const Metrics& metrics) {
    if (tracker_) tracker_->log(step, metrics);
  }

  void log_start() const {
    if (group_.is_leader()) {
      for (const std::string& warning : data_.warnings())
        log_warning(warning);
    }
    const std::int64_t measured = num_measured_rows(data_, options_);
    const std::int64_t validation_rows = data_.num_validation_rows();
    log_info(concat("training on ", with_thousands(data_.num_training_rows()),
                    " rows, validating on ", with_thousands(measured),
                    measured == validation_rows ? ""
                                                : concat(" of ", with_thousands(validation_rows),
                                                         " (trainer.limit_val_batches)"),
                    "; ", with_thousands(data_.steps_per_epoch()), " steps an epoch, ",
                    with_thousands(plan_.last_step), " steps in all"));
    log_info(batch_text(options_.model));
    log_info(schedule_text(plan_, options_.model.optim.lr));
    const c10::Device device = learner_.device();
    log_info(concat("on ", device_text(device), ", precision ",
                    precision_name(options_.trainer.compute_precision(device)),
                    group_.size() == 1 ? "" : concat(", one of ", group_.size(), " processes")));
  }

  // Once a run, of all processes.
  void log_cut_texts() {
    group_.sum({at::from_blob(tokenized_.data(), {2}, at::kLong)});
    if (tokenized_[1] == 0 || !group_.is_leader()) return;
    log_info(cut_texts_line(tokenized_[1], tokenized_[0], options_.model.encoder_seq_length));
  }

  void log_step(const StepResult& result, double lr, Progress& progress) {
    clock_.enter(Phase::kOther);
    const std::int64_t epoch = (position_.step - 1) / data_.steps_per_epoch();
    Metrics metrics{{"reduced_train_loss", result.loss},
                    {"lr", lr},
                    {"grad_norm", result.grad_norm},
                    {"left_out_negatives", static_cast<double>(result.left_out_negatives)},
                    {"global_step", static_cast<double>(position_.step)},
                    {"epoch", static_cast<double>(epoch)},
                    {"consumed_samples", static_cast<double>(position_.consumed_samples)}};
    if (result.loss_scale) metrics.push_back({"loss_scale", *result.loss_scale});
    const Metrics speed = throughput_.metrics(clock_);
    metrics.insert(metrics.end(), speed.begin(), speed.end());
    log(position_.step, metrics);
    constexpr double kGigabyte = 1e9;
    progress.set_note(concat(
        "loss ", fixed(result.loss, 4), "  lr ", significant(lr, 3), "  ",
        with_thousands(static_cast<std::int64_t>(required_value(speed, "tokens_per_second"))),
        " tokens/s  ", fixed(static_cast<double>(process_memory().resident_bytes) / kGigabyte, 2),
        " GB"));
    throughput_.restart();
    clock_.restart();
  }

  const TrainOptions& options_;
  std::filesystem::path folder_;
  StopToken stop_;
  ComputeContext context_;  // of what happens within a phase
  ProcessGroup& group_;
  RunPosition position_;
  TrainingData data_;
  RunPlan plan_;
  Learner learner_;
  Checkpoints checkpoints_;
  Validator validator_;
  EarlyEnd early_end_;
  std::optional<NegativeMining> mining_;  // model.mining
  std::optional<RunTracker> tracker_;     // of the leader
  bool has_reported_left_out_ = false;
  Throughput throughput_;
  PhaseClock clock_;
  bool is_between_updates_ = true;           // and the state not being saved
  std::array<std::int64_t, 2> tokenized_{};  // texts of the batches of this run, and those cut
};

// Before the first step, not after the last.
void check_dense_layers(const EmbeddingHead& head, const CheckpointOptions& checkpoints) {
  if (head.dense.empty()) return;
  if (checkpoints.save_nemo_on_train_end || checkpoints.always_save_nemo ||
      checkpoints.save_best_model) {
    fail(
        ErrorKind::kUsage,
        "a .nemo cannot hold the model's Dense layers; set save_nemo_on_train_end=False, and leave "
        "always_save_nemo and save_best_model off, in "
        "exp_manager.checkpoint_callback_params: best-model/ and last-model/ hold them");
  }
  log_info("the model's Dense layers stay as they are: training changes the encoder");
}

}  // namespace

TrainResult train_model(const TrainOptions& options,
                        const std::filesystem::path& folder,
                        TextModel start,
                        const c10::Device& device,
                        const ComputeContext& context,
                        ProcessGroup& group) {
  const std::int64_t limit = start.encoder.max_length;  // 0: none
  if (limit > 0 && options.model.encoder_seq_length > limit) {
    fail(ErrorKind::kUsage, concat("model.encoder_seq_length is above the checkpoint's positions (",
                                   limit, "): ", options.model.encoder_seq_length));
  }
  options.model.check_shares(group.size());
  check_dense_layers(start.head, options.exp_manager.checkpoint_callback_params);
  return RunLoop(options, folder, std::move(start), device, context, group).run();
}

}  // namespace sbert
