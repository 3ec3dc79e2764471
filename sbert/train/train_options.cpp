#include "sbert/train/train_options.h"

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

[[noreturn]] void refuse(std::string message) {
  fail(ErrorKind::kUsage, std::move(message));
}

void at_least(const char* key, std::int64_t value, std::int64_t least) {
  if (value < least) refuse(concat(key, " must be at least ", least, ": ", value));
}

void in_range(const char* key, double value, double least, double below) {
  if (!(value >= least && value < below)) {
    refuse(concat(key, " must be from ", least, " to below ", below, ": ", value));
  }
}

void one_of(const char* key, const std::string& value, std::initializer_list<const char*> known) {
  std::string list;
  for (const char* each : known) {
    if (value == each) return;
    list += concat(list.empty() ? "" : ", ", each);
  }
  refuse(concat(key, " must be one of ", list, ": ", value));
}

void validate_trainer(const TrainerOptions& trainer) {
  if (trainer.devices != 1 || trainer.num_nodes != 1) {
    refuse(concat("training runs on one device: set trainer.devices=1 and trainer.num_nodes=1: ",
                  trainer.devices, " and ", trainer.num_nodes));
  }
  one_of("trainer.accelerator", trainer.accelerator, {"auto", "cpu"});
  one_of("trainer.precision", trainer.precision, {"auto", "32", "32-true"});
  at_least("trainer.max_epochs", trainer.max_epochs, -1);
  at_least("trainer.max_steps", trainer.max_steps, 1);
  at_least("trainer.log_every_n_steps", trainer.log_every_n_steps, 1);
  at_least("trainer.val_check_interval", trainer.val_check_interval, 1);
  at_least("trainer.limit_val_batches", trainer.limit_val_batches, 1);
  in_range("trainer.gradient_clip_val", trainer.gradient_clip_val, 0, 1e9);
}

void validate_data(const DataOptions& data) {
  if (data.data_prefix.empty()) refuse("required: model.data.data_prefix (the training file)");
  at_least("model.data.evaluation_sample_size", data.evaluation_sample_size, 0);
  if (data.evaluation_sample_size > 0) {
    at_least("model.data.evaluation_steps", data.evaluation_steps, 1);
  }
  at_least("model.data.hard_negatives_to_train", data.hard_negatives_to_train, 0);
}

void validate_optim(const OptimOptions& optim) {
  one_of("model.optim.name", optim.name, {"fused_adam", "adamw"});
  in_range("model.optim.lr", optim.lr, 0, 1e3);
  in_range("model.optim.weight_decay", optim.weight_decay, 0, 1e3);
  if (optim.betas.size() != 2) {
    refuse(concat("model.optim.betas must have two values: ", optim.betas.size()));
  }
  for (const double beta : optim.betas)
    in_range("model.optim.betas", beta, 0, 1);
  optim.sched.validate(optim.lr);
}

void validate_model(const ModelOptions& model) {
  at_least("model.micro_batch_size", model.micro_batch_size, 1);
  at_least("model.global_batch_size", model.global_batch_size, 1);
  if (model.global_batch_size % model.micro_batch_size != 0) {
    refuse(concat("model.global_batch_size must be a multiple of model.micro_batch_size (",
                  model.micro_batch_size, "): ", model.global_batch_size));
  }
  at_least("model.encoder_seq_length", model.encoder_seq_length, 3);
  in_range("model.softmax_temp", model.softmax_temp, 1e-6, 1e6);
  in_range("model.label_smoothing", model.label_smoothing, 0, 1);
  in_range("model.hidden_dropout", model.hidden_dropout, 0, 1);
  in_range("model.attention_dropout", model.attention_dropout, 0, 1);
  // NeMo's megatron_bert_config says "megatron"; the checkpoint's tokenizer is used either way.
  one_of("model.tokenizer.library", model.tokenizer.library, {"huggingface", "megatron"});
  validate_data(model.data);
  validate_optim(model.optim);
}

}  // namespace

void TrainOptions::validate() const {
  if (restore_from_path.empty()) refuse("required: restore_from_path (the model to start from)");
  validate_trainer(trainer);
  const CheckpointOptions& checkpoints = exp_manager.checkpoint_callback_params;
  one_of("exp_manager.checkpoint_callback_params.monitor", checkpoints.monitor,
         {"val_loss", "val_mrr@10"});
  one_of("exp_manager.checkpoint_callback_params.mode", checkpoints.mode, {"min", "max"});
  at_least("exp_manager.checkpoint_callback_params.save_top_k", checkpoints.save_top_k, -1);
  validate_model(model);
}

std::string log_folder(const ExpManagerOptions& options) {
  if (options.explicit_log_dir) return *options.explicit_log_dir;
  return concat(options.exp_dir.value_or("nemo_experiments"), "/", options.name);
}

}  // namespace sbert
