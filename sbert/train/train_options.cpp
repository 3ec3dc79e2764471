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

const std::vector<IgnoredKey>& ignored_nemo_keys() {
  constexpr std::string_view kArchitecture = "the architecture is the checkpoint's";
  constexpr std::string_view kMegatron = "a setting of Megatron's kernels or parallelism";
  constexpr std::string_view kOneRun = "there is one way to do it here";
  constexpr std::string_view kPretraining = "a setting of masked-language-model pretraining";
  constexpr std::string_view kNotTracked = "metrics go to metrics.jsonl";
  static const std::vector<IgnoredKey> keys{
      {"trainer.logger", kOneRun},
      {"trainer.enable_checkpointing", kOneRun},
      {"trainer.use_distributed_sampler", kOneRun},
      {"trainer.accumulate_grad_batches", "model.micro_batch_size splits a batch exactly"},
      {"trainer.num_sanity_val_steps", "validation has no untested path to warm up"},
      {"trainer.limit_test_batches", "there is no test set; use sbert evaluate"},
      {"trainer.benchmark", kMegatron},
      {"exp_manager.create_wandb_logger", kNotTracked},
      {"exp_manager.wandb_logger_kwargs", kNotTracked},
      {"exp_manager.create_tensorboard_logger", kNotTracked},
      {"exp_manager.summary_writer_kwargs", kNotTracked},
      {"exp_manager.create_checkpoint_callback", "checkpoints are always written"},
      {"exp_manager.checkpoint_callback_params.always_save_nemo", "written when training ends"},
      {"exp_manager.checkpoint_callback_params.filename", "names are fixed"},
      {"exp_manager.checkpoint_callback_params.model_parallel_size", kMegatron},
      {"model.mcore_bert", kMegatron},
      {"model.tensor_model_parallel_size", kMegatron},
      {"model.pipeline_model_parallel_size", kMegatron},
      {"model.virtual_pipeline_model_parallel_size", kMegatron},
      {"model.max_position_embeddings", kArchitecture},
      {"model.position_embedding_type", kArchitecture},
      {"model.num_layers", kArchitecture},
      {"model.hidden_size", kArchitecture},
      {"model.ffn_hidden_size", kArchitecture},
      {"model.num_attention_heads", kArchitecture},
      {"model.skip_head", kArchitecture},
      {"model.transformer_block_type", kArchitecture},
      {"model.init_method_std", "all weights come from the checkpoint"},
      {"model.kv_channels", kArchitecture},
      {"model.apply_query_key_layer_scaling", kMegatron},
      {"model.normalization", kArchitecture},
      {"model.layernorm_epsilon", kArchitecture},
      {"model.make_vocab_size_divisible_by", "only the .nemo file is padded"},
      {"model.pre_process", kMegatron},
      {"model.post_process", kMegatron},
      {"model.bert_binary_head", kArchitecture},
      {"model.megatron_legacy", kArchitecture},
      {"model.native_amp_init_scale", "training is in float32"},
      {"model.native_amp_growth_interval", "training is in float32"},
      {"model.fp32_residual_connection", "training is in float32"},
      {"model.fp16_lm_cross_entropy", kPretraining},
      {"model.megatron_amp_O2", "training is in float32"},
      {"model.grad_allreduce_chunk_size_mb", kMegatron},
      {"model.grad_div_ar_fusion", kMegatron},
      {"model.use_cpu_initialization", "all weights come from the checkpoint"},
      {"model.onnx_safe", kMegatron},
      {"model.gradient_as_bucket_view", kMegatron},
      {"model.activations_checkpoint_granularity", kMegatron},
      {"model.activations_checkpoint_method", kMegatron},
      {"model.activations_checkpoint_num_layers", kMegatron},
      {"model.num_micro_batches_with_partial_activation_checkpoints", kMegatron},
      {"model.activations_checkpoint_layers_per_pipeline", kMegatron},
      {"model.sequence_parallel", kMegatron},
      {"model.drop_last", "an incomplete last batch is dropped"},
      {"model.tokenizer.use_fast", "there is one tokenizer, exact to the fast one"},
      {"model.tokenizer.model", "the tokenizer is the checkpoint's"},
      {"model.tokenizer.vocab_file", "the tokenizer is the checkpoint's"},
      {"model.tokenizer.merge_file", "the tokenizer is the checkpoint's"},
      {"model.data.index_mapping_dir", kPretraining},
      {"model.data.data_impl", kPretraining},
      {"model.data.splits_string", kPretraining},
      {"model.data.seq_length", "model.encoder_seq_length is used"},
      {"model.data.skip_warmup", kPretraining},
      {"model.data.num_workers", "texts are tokenized by the trainer"},
      {"model.data.dataloader_type", "rows go by in the order of the seeded shuffle"},
      {"model.data.reset_position_ids", kPretraining},
      {"model.data.reset_attention_mask", kPretraining},
      {"model.data.eod_mask_loss", kPretraining},
      {"model.data.masked_lm_prob", kPretraining},
      {"model.data.short_seq_prob", kPretraining},
  };
  return keys;
}

}  // namespace sbert
