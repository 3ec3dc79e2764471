#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "sbert/base/field.h"
#include "sbert/config/config_tree.h"
#include "sbert/data/file_patterns.h"
#include "sbert/optim/schedule.h"

namespace sbert {

// The configuration of a training run under NeMo's key names (docs/nemo.md), read once by the
// command line. Defaults are NeMo's, except where a comment says otherwise.

struct TrainerOptions {
  std::int64_t devices = 1;
  std::int64_t num_nodes = 1;
  std::string accelerator = "auto";  // NeMo: gpu
  std::string precision = "auto";    // NeMo: 16
  std::int64_t max_epochs = -1;
  std::int64_t max_steps = 100'000;
  std::int64_t log_every_n_steps = 10;
  std::int64_t val_check_interval = 100;
  std::int64_t limit_val_batches = 50;
  double gradient_clip_val = 1.0;

  static constexpr auto fields() {
    using Self = TrainerOptions;
    return std::tuple{
        field("devices", &Self::devices, "devices of this machine; 1 here"),
        field("num_nodes", &Self::num_nodes, "machines; 1 here"),
        field("accelerator", &Self::accelerator, "auto or cpu"),
        field("precision", &Self::precision, "auto or 32"),
        field("max_epochs", &Self::max_epochs, "passes over the training rows; -1: no limit"),
        field("max_steps", &Self::max_steps, "optimizer updates; also the schedule's length"),
        field("log_every_n_steps", &Self::log_every_n_steps, "updates between two logged lines"),
        field("val_check_interval", &Self::val_check_interval,
              "updates between two validations and checkpoints"),
        field("limit_val_batches", &Self::limit_val_batches, "most micro batches of a validation"),
        field("gradient_clip_val", &Self::gradient_clip_val,
              "largest L2 norm of the gradient; 0: no limit"),
    };
  }
};

struct CheckpointOptions {
  std::string monitor = "val_loss";
  std::int64_t save_top_k = 10;
  std::string mode = "min";
  bool save_nemo_on_train_end = true;

  static constexpr auto fields() {
    using Self = CheckpointOptions;
    return std::tuple{
        field("monitor", &Self::monitor, "metric that ranks checkpoints: val_loss or val_mrr@10"),
        field("save_top_k", &Self::save_top_k, "best checkpoints to keep; -1: all"),
        field("mode", &Self::mode, "min or max: which values of the metric are better"),
        field("save_nemo_on_train_end", &Self::save_nemo_on_train_end,
              "write the model as .nemo when training ends"),
    };
  }
};

struct ExpManagerOptions {
  std::optional<std::string> explicit_log_dir;
  std::optional<std::string> exp_dir;
  std::string name = "megatron_bert";
  bool resume_if_exists = true;
  bool resume_ignore_no_checkpoint = true;
  CheckpointOptions checkpoint_callback_params;

  static constexpr auto fields() {
    using Self = ExpManagerOptions;
    return std::tuple{
        field("explicit_log_dir", &Self::explicit_log_dir, "folder of logs and checkpoints"),
        field("exp_dir", &Self::exp_dir,
              "without explicit_log_dir: the folder is exp_dir/name (default nemo_experiments)"),
        field("name", &Self::name, "name of the experiment, first part of checkpoint names"),
        field("resume_if_exists", &Self::resume_if_exists,
              "go on from the last checkpoint in the folder"),
        field("resume_ignore_no_checkpoint", &Self::resume_ignore_no_checkpoint,
              "start anew if there is no checkpoint; false: that is an error"),
        field("checkpoint_callback_params", &Self::checkpoint_callback_params, "which to keep"),
    };
  }
};

struct TokenizerOptions {
  std::string library = "huggingface";
  std::optional<std::string> type;
  bool do_lower_case = false;

  static constexpr auto fields() {
    using Self = TokenizerOptions;
    return std::tuple{
        field("library", &Self::library, "huggingface or megatron; the checkpoint's is used"),
        field("type", &Self::type,
              "for a .nemo that holds no tokenizer: a folder with its files; else unused"),
        field("do_lower_case", &Self::do_lower_case, "lower-case texts before the tokenizer does"),
    };
  }
};

struct DataOptions {
  FilePatterns data_prefix;
  FilePatterns data_train;
  FilePatterns data_validation;
  FilePatterns validation_file;
  std::optional<std::string> index_mapping_dir;
  std::string on_bad_record = "error";
  std::int64_t evaluation_sample_size = 100;
  std::int64_t evaluation_steps = 100;
  std::string positives = "first";
  std::string negatives = "first";
  std::int64_t hard_negatives_to_train = 4;
  std::string order = "shuffle";
  bool no_duplicates = true;
  std::string query_prefix = "query:";
  std::string passage_prefix = "passage:";
  std::string pair_prefix;

  static constexpr auto fields() {
    using Self = DataOptions;
    return std::tuple{
        field("data_prefix", &Self::data_prefix,
              "training files: JSON, JSON Lines or .tsv; a path, a pattern, or a list of them"),
        field("data_train", &Self::data_train, "another name of data_prefix"),
        field("data_validation", &Self::data_validation,
              "files to validate on; then all of data_prefix trains"),
        field("validation_file", &Self::validation_file, "another name of data_validation"),
        field("index_mapping_dir", &Self::index_mapping_dir,
              "folder of the files' indexes; null: beside each file"),
        field("on_bad_record", &Self::on_bad_record,
              "error, or skip: count and list records that are no examples"),
        field("evaluation_sample_size", &Self::evaluation_sample_size,
              "records held out for validation, the last of the shuffled file"),
        field("evaluation_steps", &Self::evaluation_steps,
              "must not be 0; trainer.val_check_interval sets the cadence"),
        field("positives", &Self::positives,
              "first, all (a row for each), or random (each in its turn over the epochs)"),
        field("negatives", &Self::negatives,
              "first, or random: which hard negatives an epoch takes"),
        field("hard_negatives_to_train", &Self::hard_negatives_to_train,
              "most hard negatives of a question"),
        field("order", &Self::order, "shuffle: a new order each epoch; nemo: one for all"),
        field("no_duplicates", &Self::no_duplicates,
              "keep a text from being the positive of one question and a negative of another "
              "in a batch"),
        field("query_prefix", &Self::query_prefix, "put before each question"),
        field("passage_prefix", &Self::passage_prefix, "put before each document"),
        field("pair_prefix", &Self::pair_prefix,
              "put before both texts of a pair (sentence1, sentence2)"),
    };
  }

  /// The files that train: of data_prefix or data_train. The path in the shipped configurations
  /// that stands for the user's counts as none.
  const FilePatterns& training_files() const;
  /// The files that validate; empty: some of those that train are held out.
  const FilePatterns& validation_files() const;
};

/// Reads a path or pattern, a list of them, or NeMo's list of weights and paths, of which each
/// weight must be 1.
/// @throws Error(kUsage)
void read_value(const ConfigNode& node, std::string_view key, FilePatterns& value);
ConfigNode to_node(const FilePatterns& value);

struct OptimOptions {
  std::string name = "fused_adam";
  double lr = 2e-4;
  double weight_decay = 0.01;
  std::vector<double> betas{0.9, 0.98};
  ScheduleOptions sched;

  static constexpr auto fields() {
    using Self = OptimOptions;
    return std::tuple{
        field("name", &Self::name, "fused_adam or adamw (the same AdamW)"),
        field("lr", &Self::lr, "learning rate when warm-up ends"),
        field("weight_decay", &Self::weight_decay, "of all but biases and LayerNorm parameters"),
        field("betas", &Self::betas, "decay rates of AdamW's two averages"),
        field("sched", &Self::sched, "learning-rate schedule"),
    };
  }
};

struct ModelOptions {
  std::int64_t micro_batch_size = 4;
  std::int64_t global_batch_size = 8;
  std::int64_t encoder_seq_length = 512;
  double softmax_temp = 0.05;
  double label_smoothing = 0;
  double hidden_dropout = 0.1;
  double attention_dropout = 0.1;
  std::int64_t seed = 1234;
  TokenizerOptions tokenizer;
  DataOptions data;
  OptimOptions optim;

  static constexpr auto fields() {
    using Self = ModelOptions;
    return std::tuple{
        field("micro_batch_size", &Self::micro_batch_size,
              "questions encoded at once: bounds memory, changes no result"),
        field("global_batch_size", &Self::global_batch_size,
              "questions of an update, each other's in-batch negatives"),
        field("encoder_seq_length", &Self::encoder_seq_length, "tokens a text is cut to"),
        field("softmax_temp", &Self::softmax_temp, "temperature of the contrastive loss"),
        field("label_smoothing", &Self::label_smoothing,
              "share of the target given to all documents"),
        field("hidden_dropout", &Self::hidden_dropout, "dropout of hidden states"),
        field("attention_dropout", &Self::attention_dropout, "dropout of attention weights"),
        field("seed", &Self::seed, "of dropout and of the order of later epochs"),
        field("tokenizer", &Self::tokenizer, "how texts become tokens"),
        field("data", &Self::data, "what is trained on"),
        field("optim", &Self::optim, "optimizer"),
    };
  }
};

struct TrainOptions {
  std::string name = "megatron_bert";
  std::string restore_from_path;
  TrainerOptions trainer;
  ExpManagerOptions exp_manager;
  ModelOptions model;

  static constexpr auto fields() {
    using Self = TrainOptions;
    return std::tuple{
        field("name", &Self::name, "label of the run"),
        field("restore_from_path", &Self::restore_from_path,
              "model to start from: .nemo, Hugging Face or sentence-transformers folder"),
        field("trainer", &Self::trainer, "length, cadence, devices"),
        field("exp_manager", &Self::exp_manager, "logs, checkpoints, resume"),
        field("model", &Self::model, "batches, loss, data, optimizer"),
    };
  }

  /// @throws Error(kUsage) naming the key that is missing or out of range
  void validate() const;
};

/// The folder of the run's logs and checkpoints.
std::string log_folder(const ExpManagerOptions& options);

}  // namespace sbert
