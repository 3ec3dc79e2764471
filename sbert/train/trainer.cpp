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
#include "sbert/base/progress.h"
#include "sbert/base/random.h"
#include "sbert/base/stop.h"
#include "sbert/base/named_tensor.h"
#include "sbert/optim/adamw.h"
#include "sbert/optim/schedule.h"
#include "sbert/track/metrics_file.h"
#include "sbert/train/checkpoint_folder.h"
#include "sbert/train/contrastive_gradient.h"
#include "sbert/train/training_data.h"
#include "sbert/train/training_state.h"
#include "sbert/train/validation.h"

namespace sbert {
namespace {

using Clock = std::chrono::steady_clock;

std::filesystem::path checkpoint_path(const ExpManagerOptions& options) {
  return std::filesystem::path(log_folder(options)) / "checkpoints";
}

void set_training_prompts(const DataOptions& data, SentenceModel& model) {
  const auto prompt = [](const std::string& prefix) {
    return prefix.empty() ? std::string() : prefix + ' ';
  };
  model.prompts["query"] = prompt(data.query_prefix);
  model.prompts["passage"] = prompt(data.passage_prefix);
}

AdamWOptions adamw_options(const OptimOptions& optim) {
  return {.beta1 = optim.betas[0], .beta2 = optim.betas[1], .weight_decay = optim.weight_decay};
}

std::vector<NamedTensor> trainable_parameters(const SentenceModel& model) {
  std::vector<NamedTensor> parameters = model.encoder.parameters();
  for (NamedTensor& parameter : parameters)
    parameter.tensor.requires_grad_(true);
  return parameters;
}

// What was measured since the last logged line.
struct Window {
  Clock::time_point start = Clock::now();
  std::int64_t steps = 0;
  std::int64_t tokens = 0;

  double seconds() const { return std::chrono::duration<double>(Clock::now() - start).count(); }
};

struct StepResult {
  double loss;
  double grad_norm;
  double lr;
};

class Trainer {
 public:
  Trainer(const TrainOptions& options, SentenceModel& model)
      : options_(options),
        model_(model),
        data_(options.model),
        checkpoints_(checkpoint_path(options.exp_manager),
                     options.exp_manager.name,
                     options.exp_manager.checkpoint_callback_params),
        parameters_(trainable_parameters(model)),
        gradient_(model,
                  {options.model.softmax_temp, options.model.label_smoothing},
                  at::get_num_threads()),
        optimizer_(parameters_, adamw_options(options.model.optim)) {
    position_.data_fingerprint = data_.fingerprint();
    last_step_ = options.trainer.max_steps;
    if (options.trainer.max_epochs >= 0) {
      last_step_ = std::min(last_step_, options.trainer.max_epochs * data_.steps_per_epoch());
    }
  }

  std::int64_t fit() {
    resume();
    report_start();
    MetricsFile metrics(std::filesystem::path(log_folder(options_.exp_manager)) / "metrics.jsonl",
                        position_.step);
    if (is_stopped_before_validation_) validate_and_save(metrics);
    if (position_.step >= last_step_) return position_.step;

    Progress progress("training", last_step_ - position_.step, "steps");
    Window window;
    while (position_.step < last_step_) {
      if (stop_requested()) save_and_stop();
      const StepResult result = step(window);
      if (is_due(options_.trainer.log_every_n_steps)) {
        report_step(result, window, metrics, progress);
        window = {};
      }
      if (is_due(options_.trainer.val_check_interval)) {
        validate_and_save(metrics);
        window = {};
      }
      progress.advance(1);
    }
    return position_.step;
  }

 private:
  // After every so many updates, and after the last.
  bool is_due(std::int64_t interval) const {
    return position_.step % interval == 0 || position_.step == last_step_;
  }

  void resume() {
    if (!options_.exp_manager.resume_if_exists) return;
    const auto last = checkpoints_.last();
    if (!last) {
      if (options_.exp_manager.resume_ignore_no_checkpoint) return;
      fail(ErrorKind::kUsage,
           concat(checkpoint_path(options_.exp_manager), ": no checkpoint to resume from"));
    }
    RunPosition found = load_training_state(*last, model_, optimizer_);
    if (found.data_fingerprint != position_.data_fingerprint) {
      fail(ErrorKind::kUsage,
           concat(*last,
                  ": was trained on other data or batches; use another "
                  "exp_manager.explicit_log_dir, or exp_manager.resume_if_exists=False: ",
                  found.data_fingerprint, "; now ", position_.data_fingerprint));
    }
    position_ = std::move(found);
    saved_step_ = position_.step;
    is_stopped_before_validation_ = is_due(options_.trainer.val_check_interval) &&
                                    data_.num_validation_rows() > 0 &&
                                    !checkpoints_.last_has_score();
    log_info(concat("resuming from ", *last, " at step ", position_.step));
  }

  void report_start() const {
    log_info(concat("training on ", with_thousands(data_.num_training_rows()),
                    " rows, validating on ", with_thousands(data_.num_validation_rows()), "; ",
                    with_thousands(data_.steps_per_epoch()), " steps an epoch, ",
                    with_thousands(last_step_), " steps in all"));
    const ScheduleOptions& sched = options_.model.optim.sched;
    if (sched.constant_steps > 0 &&
        options_.trainer.max_steps < sched.warmup_steps + sched.constant_steps) {
      log_warning(
          concat("the learning rate falls to model.optim.sched.min_lr right after warm-up, "
                 "since trainer.max_steps (",
                 options_.trainer.max_steps, ") is less than warmup_steps (", sched.warmup_steps,
                 ") + constant_steps (", sched.constant_steps,
                 "); set model.optim.sched.constant_steps=0 for a whole cosine"));
    }
  }

  StepResult step(Window& window) {
    const ModelOptions& model_options = options_.model;
    const std::vector<MicroBatch> micro_batches = next_micro_batches();
    const DropoutKey key{
        derive_key(static_cast<std::uint64_t>(model_options.seed), position_.step)};
    StepResult result{};
    result.loss = gradient_.compute(micro_batches, key);
    result.grad_norm = clip_gradients(parameters_, options_.trainer.gradient_clip_val);
    if (!std::isfinite(result.loss) || !std::isfinite(result.grad_norm)) {
      fail(ErrorKind::kUsage,
           concat("the loss or its gradient is not finite at step ", position_.step,
                  "; the last checkpoint is still good. Lower model.optim.lr: ",
                  model_options.optim.lr));
    }
    result.lr = cosine_annealing(model_options.optim.sched, model_options.optim.lr,
                                 options_.trainer.max_steps, position_.step);
    optimizer_.step(result.lr);
    optimizer_.zero_grad();

    ++position_.step;
    position_.consumed_samples += model_options.global_batch_size;
    ++window.steps;
    for (const MicroBatch& batch : micro_batches)
      window.tokens += batch.tokens.num_tokens();
    return result;
  }

  std::vector<MicroBatch> next_micro_batches() const {
    const std::vector<TrainingTexts> rows = data_.batch(position_.step);
    const auto size = static_cast<std::ptrdiff_t>(options_.model.micro_batch_size);
    std::vector<MicroBatch> batches;
    for (auto first = rows.begin(); first != rows.end(); first += size) {
      batches.push_back(make_micro_batch({first, first + size}, model_.tokenizer,
                                         options_.model.encoder_seq_length));
    }
    return batches;
  }

  void report_step(const StepResult& result,
                   const Window& window,
                   MetricsFile& metrics,
                   Progress& progress) const {
    const double seconds = window.seconds();
    const double tokens_per_second = static_cast<double>(window.tokens) / seconds;
    metrics.write(position_.step,
                  {{"reduced_train_loss", result.loss},
                   {"lr", result.lr},
                   {"grad_norm", result.grad_norm},
                   {"consumed_samples", static_cast<double>(position_.consumed_samples)},
                   {"train_step_timing in s", seconds / static_cast<double>(window.steps)},
                   {"tokens_per_second", tokens_per_second}});
    progress.set_note(concat("loss ", fixed(result.loss, 4), "  lr ", result.lr, "  ",
                             with_thousands(static_cast<std::int64_t>(tokens_per_second)),
                             " tokens/s"));
  }

  void validate_and_save(MetricsFile& metrics) {
    if (data_.num_validation_rows() == 0) {
      save(std::nullopt);
      return;
    }
    ValidationResult result;
    try {
      result = validate(model_, data_, options_);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kCancelled) save_and_stop();
      throw;
    }
    metrics.write(position_.step, {{"val_loss", result.loss}, {"val_mrr@10", result.mrr_at_10}});
    log_info(concat("step ", position_.step, ": val_loss ", fixed(result.loss, 4), ", val_mrr@10 ",
                    fixed(result.mrr_at_10, 4)));
    const bool by_loss = options_.exp_manager.checkpoint_callback_params.monitor == "val_loss";
    save(by_loss ? result.loss : result.mrr_at_10);
  }

  void save(std::optional<double> score) {
    checkpoints_.save(position_.step, position_.consumed_samples, score,
                      [&](const std::filesystem::path& path) {
                        save_training_state(path, model_, optimizer_, position_);
                      });
    saved_step_ = position_.step;
  }

  [[noreturn]] void save_and_stop() {
    if (saved_step_ != position_.step) save(std::nullopt);
    fail(ErrorKind::kCancelled,
         concat("interrupted after step ", position_.step,
                "; the state is saved, the same command goes on from there"));
  }

  const TrainOptions& options_;
  SentenceModel& model_;
  TrainingData data_;
  CheckpointFolder checkpoints_;
  std::vector<NamedTensor> parameters_;
  ContrastiveGradient gradient_;
  AdamW optimizer_;
  RunPosition position_;
  std::int64_t saved_step_ = 0;  // of the newest checkpoint; a run's first state needs none
  bool is_stopped_before_validation_ = false;
  std::int64_t last_step_ = 0;
};

}  // namespace

std::int64_t train_model(const TrainOptions& options, SentenceModel& model) {
  const std::int64_t positions = model.encoder.config().max_position_embeddings;
  if (options.model.encoder_seq_length > positions) {
    fail(ErrorKind::kUsage, concat("model.encoder_seq_length is above the checkpoint's positions (",
                                   positions, "): ", options.model.encoder_seq_length));
  }
  model.encoder.set_dropout(options.model.hidden_dropout, options.model.attention_dropout);
  // What stood before the texts in training has to stand there in use.
  set_training_prompts(options.model.data, model);
  return Trainer(options, model).fit();
}

std::filesystem::path trained_model_path(const ExpManagerOptions& options) {
  return checkpoint_path(options) / concat(options.name, ".nemo");
}

}  // namespace sbert
