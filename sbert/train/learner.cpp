#include "sbert/train/learner.h"

#include <cmath>
#include <map>
#include <string_view>

#include <ATen/ATen.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/random.h"
#include "sbert/optim/freeze.h"
#include "sbert/optim/parameter_settings.h"

namespace sbert {
namespace {

// Which key of randomness is for what; each derives its own from the seed of the run.
enum RandomPurpose : std::uint64_t { kDropoutMasks, kLossParameters, kAdapters };

constexpr std::string_view kOptimizer = "optimizer.";

AdamWOptions adamw_options(const OptimOptions& optim) {
  return {.beta1 = optim.betas[0], .beta2 = optim.betas[1], .weight_decay = optim.weight_decay};
}

std::vector<ParameterSetting> settings_of(const NamedTensors& parameters,
                                          const OptimOptions& optim,
                                          std::int64_t num_layers) {
  std::vector<ParameterSetting> settings = parameter_settings(parameters);
  const std::vector<double> scales =
      layer_learning_rates(parameters, num_layers, optim.layer_decay);
  for (std::size_t i = 0; i < settings.size(); ++i) {
    settings[i].lr_scale *= scales[i];
    // A learned temperature of 1 is not what decay should pull it to.
    if (parameters[i].name.ends_with("log_scale")) settings[i].is_decayed = false;
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
          .backprop_type =
              model.backprop_type == "local" ? BackpropType::kLocal : BackpropType::kGlobal};
}

Tensor counter(std::int64_t value) {
  return at::scalar_tensor(value, at::kLong);
}

}  // namespace

Learner::Learner(const TrainOptions& options,
                 SentenceModel& model,
                 int workers,
                 ProcessGroup& group)
    : model_(model),
      group_(group),
      seed_(static_cast<std::uint64_t>(options.model.seed)),
      clip_(options.trainer.gradient_clip_val),
      memory_start_step_(options.model.loss.memory_start_step),
      averaging_interval_(options.exp_manager.ema.every_n_steps) {
  set_recipe(options);
  const EncoderConfig& config = model.encoder.config();
  loss_ = make_loss(options.model.loss_options(), config.hidden_size,
                    derive_key(seed_, kLossParameters));
  const c10::Device device = model.encoder.device();
  trained_ = model.encoder.trainable_parameters();
  for (const NamedTensor& each : loss_->parameters()) {
    each.tensor.set_data(each.tensor.detach().to(device));
    trained_.push_back({concat("loss.", each.name), each.tensor});
  }
  if (options.model.loss.memory_size > 0) {
    memory_.emplace(options.model.loss.memory_size, config.hidden_size, device);
  }
  optimizer_.emplace(trained_, settings_of(trained_, options.model.optim, config.num_layers),
                     adamw_options(options.model.optim),
                     options.model.optim.is_shared_out() ? group : alone());
  gradient_.emplace(model, *loss_, workers, group, gradient_options(options.model),
                    optimizer_->is_shared_out() ? optimizer_->parts() : NamedTensors());
  const EmaOptions& ema = options.exp_manager.ema;
  if (ema.enable) averages_.emplace(trained_, ema.decay);
}

void Learner::set_recipe(const TrainOptions& options) {
  BertEncoder& encoder = model_.encoder;
  encoder.set_dropout(options.model.hidden_dropout, options.model.attention_dropout);
  encoder.set_recompute(options.model.activations_checkpoint_granularity.has_value());
  const ComputePrecision precision = options.trainer.compute_precision(encoder.device());
  encoder.set_compute_precision(precision);
  if (precision == ComputePrecision::kFloat16) {
    scaler_.emplace(LossScalerOptions{.initial_scale = options.model.native_amp_init_scale,
                                      .growth_interval = options.model.native_amp_growth_interval});
  }
  encoder.freeze(frozen_parameters(options.model.freeze, encoder.parameters()));
  if (options.model.lora) encoder.add_lora(*options.model.lora, derive_key(seed_, kAdapters));
}

Update Learner::update(const std::vector<MicroBatch>& micro_batches,
                       std::int64_t step,
                       double lr,
                       PhaseClock& clock) {
  clock.enter(Phase::kGradient);
  const double scale = scaler_ ? scaler_->scale() : 1;
  Update result;
  if (scaler_) result.loss_scale = scale;
  result.loss = gradient_->compute(micro_batches, derive_key(seed_, kDropoutMasks, step), scale,
                                   memory_ ? memory_->documents() : LossMemory{});
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

NamedTensors Learner::weights() const {
  NamedTensors tensors;
  add_prefixed("model.", model_.encoder.parameters(), tensors);
  add_prefixed("model.", model_.encoder.lora_parameters(), tensors);
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
  std::vector<Tensor> everywhere;  // which the averages are not if they are shared out
  std::map<std::string, Tensor> counters;
  for (const NamedTensor& each : state) {
    if (each.name.starts_with(concat(kOptimizer, "exp_avg"))) {
      averages.push_back({each.name.substr(kOptimizer.size()), each.tensor});
      if (optimizer_->is_shared_out()) continue;
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
