#include "sbert/train/learner.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/random.h"
#include "sbert/dist/shared_embedder.h"
#include "sbert/embed/packed_embedder.h"
#include "sbert/loss/known_positives.h"
#include "sbert/nn/torch_embedder.h"
#include "sbert/optim/parameter_settings.h"

namespace sbert {
namespace {

// Which key of randomness is for what; each derives its own from the seed of the run.
enum RandomPurpose : std::uint64_t { kDropoutMasks, kLossParameters, kAdapters };

constexpr std::string_view kOptimizer = "optimizer.";

TextModel without_weights(TextModel model) {
  model.weights.clear();
  return model;
}

TrainingRecipe recipe_of(const ModelOptions& model, ComputePrecision precision) {
  return {.dropout = {.hidden = model.hidden_dropout, .attention = model.attention_dropout},
          .recomputes = model.activations_checkpoint_granularity.has_value(),
          .precision = precision,
          .frozen_parts = model.freeze.text,
          .lora = model.lora,
          .lora_seed = derive_key(static_cast<std::uint64_t>(model.seed), kAdapters)};
}

// Threads that share a micro batch: those of torch, so that its environment counts, as far as the
// pool has them. A GPU is kept busy by one.
int num_workers(const c10::Device& device, const WorkerPool& pool) {
  return device.is_cpu() ? std::min(at::get_num_threads(), pool.num_threads()) : 1;
}

AdamWOptions adamw_options(const OptimOptions& optim) {
  return {.beta1 = optim.betas[0], .beta2 = optim.betas[1], .weight_decay = optim.weight_decay};
}

// Of the encoder's parameters, then of the loss's.
std::vector<ParameterSetting> settings_of(const EncoderParameters& encoder,
                                          const NamedTensors& loss,
                                          std::int64_t num_layers,
                                          double layer_decay) {
  std::vector<ParameterSetting> settings = parameter_settings(encoder);
  const std::vector<double> scales = layer_learning_rates(encoder, num_layers, layer_decay);
  for (std::size_t i = 0; i < settings.size(); ++i)
    settings[i].lr_scale *= scales[i];
  for (const NamedTensor& each : loss) {
    // A learned temperature of 1 is not what decay should pull it to.
    const bool is_decayed = !each.name.ends_with("bias") && !each.name.ends_with("log_scale");
    settings.push_back({.is_decayed = is_decayed});
  }
  return settings;
}

void add_prefixed(std::string_view prefix, const NamedTensors& from, NamedTensors& to) {
  for (const NamedTensor& each : from)
    to.push_back({concat(prefix, each.name), each.tensor.detach()});
}

GradientOptions gradient_options(const ModelOptions& model) {
  constexpr std::int64_t kMegabyte = 1 << 20;
  return {.bucket_bytes = model.grad_allreduce_chunk_size_mb * kMegabyte,
          .global_inbatch_negatives = model.global_inbatch_negatives,
          .backprop_type = model.backprop_type};
}

Tensor counter(std::int64_t value) {
  return at::scalar_tensor(value, at::kLong);
}

}  // namespace

Learner::Learner(const ModelOptions& model,
                 const LearnerOptions& options,
                 const TextModel& start,
                 const c10::Device& device,
                 const WorkerPool& pool,
                 ProcessGroup& group)
    : pool_(pool),
      group_(group),
      seed_(static_cast<std::uint64_t>(model.seed)),
      clip_(options.gradient_clip_val),
      frame_(without_weights(start)),
      encoder_(start.encoder, start.weights, recipe_of(model, options.precision), device),
      head_(start.head, device),
      memory_start_step_(model.loss.memory_start_step),
      loss_options_(model.loss_options()),
      has_global_negatives_(model.global_inbatch_negatives),
      averaging_interval_(options.ema.every_n_steps) {
  const std::int64_t width = embedding_width(start);
  if (options.precision == ComputePrecision::kFloat16) {
    scaler_.emplace(LossScalerOptions{.initial_scale = model.native_amp_init_scale,
                                      .growth_interval = model.native_amp_growth_interval});
  }
  loss_ = make_loss(loss_options_, width, derive_key(seed_, kLossParameters));
  const EncoderParameters trainable = encoder_.trainable_parameters();
  if (trainable.empty()) {
    fail(ErrorKind::kUsage,
         concat("model.freeze leaves nothing to train; the model has embeddings and layers.0-",
                std::ssize(start.encoder.layers) - 1, ": ", model.freeze.text));
  }
  trained_ = named_tensors(trainable);
  for (const NamedTensor& each : loss_->parameters()) {
    each.tensor.set_data(each.tensor.detach().to(device));
    trained_.push_back({concat("loss.", each.name), each.tensor});
  }
  if (model.loss.memory_size > 0) memory_.emplace(model.loss.memory_size, width, device);
  optimizer_.emplace(trained_,
                     settings_of(trainable, loss_->parameters(), std::ssize(start.encoder.layers),
                                 model.optim.layer_decay),
                     adamw_options(model.optim), model.optim.is_sharded() ? group : alone());
  GradientOptions gradient = gradient_options(model);
  gradient.workers = num_workers(device, pool);
  if (optimizer_->is_sharded()) gradient.parts = optimizer_->parts();
  gradient_.emplace(encoder_, head_, *loss_, pool, group, gradient);
  if (options.ema.enable) averages_.emplace(trained_, options.ema.decay);
}

c10::Device Learner::device() const {
  return encoder_.device();
}

StepResult Learner::update(const std::vector<MicroBatch>& micro_batches,
                           std::int64_t step,
                           double lr,
                           PhaseClock& clock) {
  clock.enter(Phase::kGradient);
  const double scale = scaler_ ? scaler_->scale() : 1;
  StepResult result;
  if (scaler_) result.loss_scale = scale;
  result.loss = gradient_->compute(micro_batches, derive_key(seed_, kDropoutMasks, step), scale,
                                   memory_ ? memory_->documents() : LossMemory{});
  result.left_out_negatives = count_left_out(micro_batches);
  clock.enter(Phase::kOptimizer);
  optimizer_->take_gradients();
  const NamedTensors& parts = optimizer_->parts();
  result.is_skipped = scaler_ && !scaler_->unscale_and_check(parts, optimizer_->group());
  if (!result.is_skipped) {
    result.grad_norm = clip_gradients(parts, clip_, optimizer_->group());
    if (!std::isfinite(result.loss) || !std::isfinite(result.grad_norm)) {
      fail(ErrorKind::kUsage,
           concat("the loss or its gradient is not finite at step ", step,
                  "; the last checkpoint is still good. Lower model.optim.lr (now ", lr,
                  ") or set trainer.gradient_clip_val"));
    }
    optimizer_->step(lr);
    if (memory_ && step >= memory_start_step_) memory_->add(gradient_->batch());
    if (averages_ && (step + 1) % averaging_interval_ == 0) averages_->update();
  }
  if (scaler_) scaler_->update();
  optimizer_->zero_grad();
  clock.enter(Phase::kOther);
  return result;
}

std::int64_t Learner::count_left_out(const std::vector<MicroBatch>& micro_batches) const {
  std::int64_t count = 0;
  const bool is_masked =
      loss_options_.name == LossKind::kContrastive && loss_options_.mask_known_positives;
  const auto count_of = [&](const LossTargets& targets) {
    return is_masked ? count_known_negatives(targets, loss_options_.share_hard_negatives) : 0;
  };
  for (const MicroBatch& batch : micro_batches) {
    count += batch.num_dropped_negatives;
    if (!has_global_negatives_) count += count_of(batch.targets);
  }
  return has_global_negatives_ ? count + count_of(gradient_->batch().targets) : count;
}

TextModel Learner::model() const {
  TextModel model = frame_;
  model.weights = encoder_.weights();
  return model;
}

std::unique_ptr<TextEmbedder> Learner::embedder() const {
  std::unique_ptr<TextEmbedder> own;
  if (device().is_cpu()) {
    own = std::make_unique<PackedEmbedder>(model(), pool_);
  } else {
    own = std::make_unique<TorchEmbedder>(encoder_, frame_.tokenizer, frame_.head, frame_.card,
                                          pool_);
  }
  if (group_.size() == 1) return own;
  return std::make_unique<SharedEmbedder>(std::move(own), group_);
}

NamedTensors Learner::weights() const {
  NamedTensors tensors;
  add_prefixed("model.", named_tensors(encoder_.parameters()), tensors);
  add_prefixed("model.", named_tensors(encoder_.lora_parameters()), tensors);
  add_prefixed("loss.", loss_->parameters(), tensors);
  if (averages_) add_prefixed("", averages_->state(), tensors);
  return tensors;
}

NamedTensors Learner::state() const {
  NamedTensors tensors = weights();
  if (memory_) add_prefixed("loss.memory.", memory_->state(), tensors);
  add_prefixed(kOptimizer, optimizer_->state(), tensors);
  tensors.push_back({"optimizer.step", counter(optimizer_->step_count())});
  if (scaler_) {
    const LossScaler::State& state = scaler_->state();
    tensors.push_back({"scaler.scale", at::scalar_tensor(state.scale, at::kDouble)});
    tensors.push_back({"scaler.growth_tracker", counter(state.growth_tracker)});
    tensors.push_back({"scaler.hysteresis_tracker", counter(state.hysteresis_tracker)});
  }
  return tensors;
}

void Learner::resume(const NamedTensors& state) {
  NamedTensors averages;           // of the optimizer
  std::vector<Tensor> everywhere;  // which the averages are not if they are sharded
  std::map<std::string, Tensor> counters;
  for (const NamedTensor& each : state) {
    if (each.name.starts_with(concat(kOptimizer, "exp_avg"))) {
      averages.push_back({each.name.substr(kOptimizer.size()), each.tensor});
      if (optimizer_->is_sharded()) continue;
    }
    everywhere.push_back(each.tensor);
    if (each.tensor.dim() == 0) counters[each.name] = each.tensor;
  }
  group_.broadcast(everywhere);
  optimizer_->resume(averages, counters.at("optimizer.step").item<std::int64_t>());
  if (!scaler_) return;
  scaler_->set_state(
      {.scale = counters.at("scaler.scale").item<double>(),
       .growth_tracker = counters.at("scaler.growth_tracker").item<std::int64_t>(),
       .hysteresis_tracker = counters.at("scaler.hysteresis_tracker").item<std::int64_t>()});
}

}  // namespace sbert
