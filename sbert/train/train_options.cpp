#include "sbert/train/train_options.h"

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/config/options.h"

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

// What NeMo's configurations say where the user's path is to be.
bool is_placeholder(const FilePatterns& files) {
  return files.patterns == std::vector<std::string>{"/path/to/data"};
}

void at_most_one(const char* first, bool has_first, const char* second, bool has_second) {
  if (has_first && has_second) refuse(concat(first, " and ", second, " are one: give either"));
}

void validate_data(const DataOptions& data) {
  const bool has_prefix = !data.data_prefix.empty() && !is_placeholder(data.data_prefix);
  at_most_one("model.data.data_prefix", has_prefix, "model.data.data_train",
              !data.data_train.empty());
  at_most_one("model.data.data_validation", !data.data_validation.empty(),
              "model.data.validation_file", !data.validation_file.empty());
  if (data.training_files().empty()) {
    refuse("required: model.data.data_prefix (the training file)");
  }
  one_of("model.data.on_bad_record", data.on_bad_record, {"error", "skip"});
  one_of("model.data.positives", data.positives, {"first", "all", "random"});
  one_of("model.data.negatives", data.negatives, {"first", "random"});
  one_of("model.data.order", data.order, {"shuffle", "nemo"});
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

const FilePatterns& DataOptions::training_files() const {
  const bool has_prefix = !data_prefix.empty() && !is_placeholder(data_prefix);
  return has_prefix ? data_prefix : data_train;
}

const FilePatterns& DataOptions::validation_files() const {
  return data_validation.empty() ? validation_file : data_validation;
}

void read_value(const ConfigNode& node, std::string_view key, FilePatterns& value) {
  value.patterns.clear();
  if (node.is_null()) return;
  const ConfigNode::List* items = node.list();
  if (items == nullptr) {
    if (!node.is_string()) refuse(concat(key, " must be a path or a list of paths"));
    value.patterns.push_back(*node.string());
    return;
  }
  bool weight_stands_before = false;
  for (const ConfigNode& item : *items) {
    if (const std::string* path = item.string()) {
      value.patterns.push_back(*path);
      weight_stands_before = false;
      continue;
    }
    double weight = 0;
    detail::read_value(item, key, weight);
    if (weight != 1) refuse(concat(key, ": the weight of a file must be 1: ", weight));
    if (weight_stands_before) refuse(concat(key, ": a path must follow each weight"));
    weight_stands_before = true;
  }
  if (weight_stands_before) refuse(concat(key, ": a path must follow each weight"));
}

ConfigNode to_node(const FilePatterns& value) {
  if (value.patterns.empty()) return {std::string()};
  if (value.patterns.size() == 1) return {value.patterns.front()};
  ConfigNode::List items;
  for (const std::string& pattern : value.patterns)
    items.push_back({pattern});
  return {std::move(items)};
}

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
