#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "sbert/base/enum_names.h"
#include "sbert/base/field.h"
#include "sbert/loss/loss_options.h"
#include "sbert/nn/lora.h"
#include "sbert/optim/schedule.h"
#include "sbert/train/data_options.h"
#include "sbert/train/mining_options.h"

namespace sbert {

// model.*: batches, loss, data and optimizer of a training run under NeMo's key names
// (docs/nemo.md). Defaults are NeMo's, except where a comment says otherwise.

/// Named for NeMo's sake: the checkpoint's tokenizer is used either way.
enum class TokenizerLibrary { kHuggingFace, kMegatron };
constexpr auto enum_names(TokenizerLibrary) {
  return std::to_array<EnumName<TokenizerLibrary>>(
      {{"huggingface", TokenizerLibrary::kHuggingFace}, {"megatron", TokenizerLibrary::kMegatron}});
}

struct TokenizerOptions {
  TokenizerLibrary library = TokenizerLibrary::kHuggingFace;
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

/// All are the same AdamW; the last one's state is sharded over the processes.
enum class OptimizerKind { kFusedAdam, kAdamW, kDistributedFusedAdam };
constexpr auto enum_names(OptimizerKind) {
  return std::to_array<EnumName<OptimizerKind>>(
      {{"fused_adam", OptimizerKind::kFusedAdam},
       {"adamw", OptimizerKind::kAdamW},
       {"distributed_fused_adam", OptimizerKind::kDistributedFusedAdam}});
}

struct OptimOptions {
  OptimizerKind name = OptimizerKind::kFusedAdam;
  double lr = 2e-4;
  double weight_decay = 0.01;
  std::vector<double> betas{0.9, 0.98};
  double layer_decay = 1;
  ScheduleOptions sched;

  static constexpr auto fields() {
    using Self = OptimOptions;
    return std::tuple{
        field("name", &Self::name,
              "fused_adam or adamw (the same AdamW); distributed_fused_adam: its state is sharded "
              "over "
              "the processes"),
        field("lr", &Self::lr, "learning rate when warm-up ends"),
        field("weight_decay", &Self::weight_decay, "of all but biases and LayerNorm parameters"),
        field("betas", &Self::betas, "decay rates of AdamW's two averages"),
        field("layer_decay", &Self::layer_decay,
              "factor on the learning rate from each layer to the one below; 1: the same rate for "
              "all"),
        field("sched", &Self::sched, "learning-rate schedule"),
    };
  }

  /// Whether each process keeps a part of the optimizer's state only.
  bool is_sharded() const { return name == OptimizerKind::kDistributedFusedAdam; }
};

/// What of the gathered embeddings is differentiated, by NeMo's names.
enum class BackpropType {
  kGlobal,  ///< all
  kLocal,   ///< each device's own; its gradient is averaged with those of the other devices
};
constexpr auto enum_names(BackpropType) {
  return std::to_array<EnumName<BackpropType>>(
      {{"global", BackpropType::kGlobal}, {"local", BackpropType::kLocal}});
}

/// NeMo's two ways to recompute activations; both recompute whole layers here.
enum class RecomputeGranularity { kFull, kSelective };
constexpr auto enum_names(RecomputeGranularity) {
  return std::to_array<EnumName<RecomputeGranularity>>(
      {{"full", RecomputeGranularity::kFull}, {"selective", RecomputeGranularity::kSelective}});
}

/// Names of parts of a model with commas between, for read_frozen_parts().
struct PartNames {
  std::string text;
};
/// Reads a list of names, or a text of names with commas between.
/// @throws Error(kUsage)
void read_value(const ConfigNode& node, std::string_view key, PartNames& value);
ConfigNode to_node(const PartNames& value);

struct ModelOptions {
  std::int64_t micro_batch_size = 4;
  std::int64_t global_batch_size = 8;
  std::int64_t encoder_seq_length = 512;
  double softmax_temp = 0.05;
  bool global_inbatch_negatives = true;
  BackpropType backprop_type = BackpropType::kGlobal;  // NeMo's configuration; its code: local
  double label_smoothing = 0;
  double hidden_dropout = 0.1;
  double attention_dropout = 0.1;
  std::int64_t seed = 1234;
  double native_amp_init_scale = 4294967296.0;  // 2^32
  std::int64_t native_amp_growth_interval = 1'000;
  std::int64_t grad_allreduce_chunk_size_mb = 25;  // NeMo: 125
  PartNames freeze;
  std::optional<RecomputeGranularity> activations_checkpoint_granularity;
  std::optional<LoraOptions> lora;
  LossOptions loss;
  TokenizerOptions tokenizer;
  DataOptions data;
  TrainingMiningOptions mining;
  OptimOptions optim;

  static constexpr auto fields() {
    using Self = ModelOptions;
    return std::tuple{
        field("micro_batch_size", &Self::micro_batch_size,
              "questions encoded at once: bounds memory, changes no result (but with "
              "global_inbatch_negatives=False, or backprop_type=local)"),
        field("global_batch_size", &Self::global_batch_size,
              "questions of an update, each other's in-batch negatives"),
        field("encoder_seq_length", &Self::encoder_seq_length, "tokens a text is cut to"),
        field("softmax_temp", &Self::softmax_temp, "temperature of the contrastive loss"),
        field("global_inbatch_negatives", &Self::global_inbatch_negatives,
              "contrastive: negatives are those of the global batch; false: of the micro batch"),
        field(
            "backprop_type", &Self::backprop_type,
            "global, or local: as if other micro batches' embeddings were constants, which divides "
            "the gradient by the number of micro batches"),
        field("label_smoothing", &Self::label_smoothing,
              "share of the target given to all documents"),
        field("hidden_dropout", &Self::hidden_dropout, "dropout of hidden states"),
        field("attention_dropout", &Self::attention_dropout, "dropout of attention weights"),
        field("seed", &Self::seed, "of dropout and of the order of later epochs"),
        field("native_amp_init_scale", &Self::native_amp_init_scale, "first loss scale of 16"),
        field("native_amp_growth_interval", &Self::native_amp_growth_interval,
              "updates without overflow before the loss scale of 16 grows"),
        field("grad_allreduce_chunk_size_mb", &Self::grad_allreduce_chunk_size_mb,
              "MiB of gradients that processes send each other at once, while others are computed"),
        field("freeze", &Self::freeze,
              "parts that are not trained: [embeddings,layers.0-3] (layers counted from 0)"),
        field("activations_checkpoint_granularity", &Self::activations_checkpoint_granularity,
              "full or selective: layers are computed again in the backward pass, for less memory"),
        field("lora", &Self::lora, "train low-rank adapters instead; they are merged in the end"),
        field("loss", &Self::loss, "what training minimizes"),
        field("tokenizer", &Self::tokenizer, "how texts become tokens"),
        field("data", &Self::data, "what is trained on"),
        field("mining", &Self::mining, "mine hard negatives during training"),
        field("optim", &Self::optim, "optimizer"),
    };
  }

  /// @throws Error(kUsage) naming the key that is missing or out of range
  void validate() const;

  /// @throws Error(kUsage) if a global batch cannot be divided evenly among the processes
  void check_shares(std::int64_t processes) const;

  /// model.loss with NeMo's own keys of the contrastive loss.
  LossOptions loss_options() const {
    LossOptions whole = loss;
    whole.temperature = softmax_temp;
    whole.label_smoothing = label_smoothing;
    return whole;
  }
};

}  // namespace sbert
