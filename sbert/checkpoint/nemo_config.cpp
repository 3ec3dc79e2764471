#include "sbert/checkpoint/nemo_config.h"

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/config/config_tree.h"
#include "sbert/config/options.h"
#include "sbert/config/yaml.h"

namespace sbert {
namespace {

constexpr std::int64_t kSbertVersion = 1;

// The keys of NeMo's megatron_sbert_config.yaml with its defaults, those of NemoConfig and what
// depends on the model apart.
constexpr std::string_view kNemoDefaults = R"(
micro_batch_size: 4
global_batch_size: 8
tensor_model_parallel_size: 1
pipeline_model_parallel_size: 1
virtual_pipeline_model_parallel_size: null
position_embedding_type: learned_absolute
init_method_std: 0.02
kv_channels: null
apply_query_key_layer_scaling: false
normalization: layernorm
skip_head: true
pre_process: true
post_process: true
bert_binary_head: true
native_amp_init_scale: 4294967296
native_amp_growth_interval: 1000
fp32_residual_connection: false
fp16_lm_cross_entropy: false
megatron_amp_O2: false
grad_allreduce_chunk_size_mb: 125
grad_div_ar_fusion: false
seed: 1234
use_cpu_initialization: false
onnx_safe: false
gradient_as_bucket_view: true
activations_checkpoint_granularity: null
activations_checkpoint_method: null
activations_checkpoint_num_layers: null
num_micro_batches_with_partial_activation_checkpoints: null
activations_checkpoint_layers_per_pipeline: null
sequence_parallel: false
data:
  data_prefix:
    - 1.0
    - /path/to/data
  index_mapping_dir: null
  data_impl: mmap
  splits_string: 900,50,50
  skip_warmup: true
  num_workers: 0
  dataloader_type: single
  reset_position_ids: false
  reset_attention_mask: false
  eod_mask_loss: false
  masked_lm_prob: 0.15
  short_seq_prob: 0.1
optim:
  name: fused_adam
  lr: 0.0002
  weight_decay: 0.01
  betas:
    - 0.9
    - 0.98
  sched:
    name: CosineAnnealing
    warmup_steps: 500
    constant_steps: 50000
    min_lr: 2e-05
target: nemo.collections.nlp.models.language_modeling.megatron_bert_model.MegatronBertModel
nemo_version: 1.23.0rc0
)";

void check(const NemoConfig& config) {
  if (config.transformer_block_type != "post_ln") {
    fail(ErrorKind::kInput,
         concat("transformer_block_type must be post_ln: ", config.transformer_block_type));
  }
  if (config.activation != "gelu" && config.activation != "relu") {
    fail(ErrorKind::kInput, concat("activation must be gelu or relu: ", config.activation));
  }
  if (config.sbert.version > kSbertVersion) {
    fail(ErrorKind::kInput, concat("sbert.version must be at most ", kSbertVersion,
                                   "; this archive needs a newer program: ", config.sbert.version));
  }
}

}  // namespace

NemoConfig parse_nemo_config(std::string_view yaml) {
  const ConfigNode root = parse_yaml(yaml);
  if (!root.is_map()) fail(ErrorKind::kInput, concat("must be a map, not ", describe(root)));
  NemoConfig config;
  try {
    config = read_options<NemoConfig>(root, "");
  } catch (const Error& error) {
    fail(ErrorKind::kInput,
         error.what());  // a wrong value in a file, where options are of the user
  }
  check(config);
  return config;
}

bool has_tanh_gelu(const NemoConfig& config) {
  const bool is_fused =
      config.bias_gelu_fusion.value_or(true) && config.bias_activation_fusion.value_or(true);
  return config.activation == "gelu" && (is_fused || config.openai_gelu.value_or(false));
}

std::string format_nemo_config(const NemoConfig& config,
                               std::int64_t max_position_embeddings,
                               std::int64_t vocab_multiple,
                               std::string_view precision) {
  ConfigTree tree(to_tree(config));
  const ConfigNode defaults = parse_yaml(kNemoDefaults);
  for (const auto& [key, value] : *defaults.map())
    tree.set(key, value);
  tree.set("encoder_seq_length", {max_position_embeddings});
  tree.set("max_position_embeddings", {max_position_embeddings});
  tree.set("data.seq_length", {max_position_embeddings});
  tree.set("make_vocab_size_divisible_by", {vocab_multiple});
  tree.set("precision", parse_yaml(precision));
  return write_yaml(tree);
}

}  // namespace sbert
