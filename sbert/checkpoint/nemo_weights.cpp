#include "sbert/checkpoint/nemo_weights.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <ATen/ATen.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/checkpoint/encoder_weights.h"

namespace sbert {
namespace {

using ::at::Tensor;
using NamePair = std::pair<std::string_view, std::string_view>;  // ours, NeMo's

constexpr std::string_view kPrefix = "model.language_model.";
constexpr std::string_view kCorePrefix = "model.";
constexpr std::string_view kWordEmbeddings = "embeddings.word_embeddings.weight";
constexpr std::string_view kTypeEmbeddings = "embeddings.token_type_embeddings.weight";
constexpr std::string_view kFused = ".attention.self.qkv.";
constexpr std::int64_t kNemoTokenTypes = 2;

constexpr std::array<NamePair, 4> kOutside = {{
    {"embeddings.word_embeddings.", "embedding.word_embeddings."},
    {"embeddings.position_embeddings.", "embedding.position_embeddings."},
    {"embeddings.token_type_embeddings.", "embedding.tokentype_embeddings."},
    {"embeddings.LayerNorm.", "encoder.initial_layernorm."},
}};

constexpr NamePair kLayer = {"encoder.layer.", "encoder.layers."};

// NeMo's input_layernorm is the one after the attention, in a post-layer-norm network.
constexpr std::array<NamePair, 6> kInLayer = {{
    {".attention.self.qkv.", ".self_attention.query_key_value."},
    {".attention.output.dense.", ".self_attention.dense."},
    {".attention.output.LayerNorm.", ".input_layernorm."},
    {".intermediate.dense.", ".mlp.dense_h_to_4h."},
    {".output.dense.", ".mlp.dense_4h_to_h."},
    {".output.LayerNorm.", ".post_attention_layernorm."},
}};

constexpr std::array<NamePair, 6> kInCoreLayer = {{
    {".attention.self.qkv.", ".self_attention.linear_qkv."},
    {".attention.output.dense.", ".self_attention.linear_proj."},
    {".attention.output.LayerNorm.", ".post_att_layernorm."},
    {".intermediate.dense.", ".mlp.linear_fc1."},
    {".output.dense.", ".mlp.linear_fc2."},
    {".output.LayerNorm.", ".post_mlp_layernorm."},
}};

// "encoder.layer.3.output.dense.bias" in the other language: pairs are looked up by the name in
// `from`, which is &NamePair::first or &NamePair::second.
std::optional<std::string> translated(std::string_view name,
                                      std::span<const NamePair> in_layer,
                                      std::string_view NamePair::* from,
                                      std::string_view NamePair::* to) {
  for (const NamePair& pair : kOutside) {
    if (name.starts_with(pair.*from)) {
      return concat(pair.*to, name.substr((pair.*from).size()));
    }
  }
  if (!name.starts_with(kLayer.*from)) return std::nullopt;
  name.remove_prefix((kLayer.*from).size());
  const std::size_t digits = std::min(name.find('.'), name.size());
  const std::string_view rest = name.substr(digits);
  for (const NamePair& pair : in_layer) {
    if (rest.starts_with(pair.*from)) {
      return concat(kLayer.*to, name.substr(0, digits), pair.*to, rest.substr((pair.*from).size()));
    }
  }
  return std::nullopt;
}

void replace_first(std::string& name, std::string_view from, std::string_view to) {
  const std::size_t at = name.find(from);
  if (at != std::string::npos) name.replace(at, from.size(), to);
}

// The part of a name after its prefix, in the words of NeMo 1.23; older archives have others, and
// megatron_amp_O2 puts a module in between. As NeMo's NLPSaveRestoreConnector does it.
std::optional<std::string> name_in_encoder(std::string name) {
  if (name.starts_with("bert_model.language_model.")) replace_first(name, "bert_model.", "model.");
  if (name.starts_with("model.module.")) replace_first(name, "module.", "");
  const bool is_core = name.starts_with("model.e");  // model.embedding, model.encoder
  if (!is_core && !name.starts_with(kPrefix)) return std::nullopt;
  name.erase(0, is_core ? kCorePrefix.size() : kPrefix.size());
  if (name.starts_with("transformer.")) replace_first(name, "transformer.", "encoder.");
  replace_first(name, ".attention.", ".self_attention.");
  return name;
}

// The encoder's name for a tensor, and whether it has Megatron Core's.
struct FoundName {
  std::string name;
  bool is_core = false;
};

std::optional<FoundName> encoder_name(const std::string& theirs) {
  const std::optional<std::string> inner = name_in_encoder(theirs);
  if (!inner || inner->ends_with("_extra_state")) return std::nullopt;
  const auto ours = [&](std::span<const NamePair> in_layer) {
    return translated(*inner, in_layer, &NamePair::second, &NamePair::first);
  };
  if (std::optional<std::string> name = ours(kInLayer)) return FoundName{std::move(*name), false};
  if (std::optional<std::string> name = ours(kInCoreLayer)) {
    return FoundName{std::move(*name), true};
  }
  return std::nullopt;
}

Tensor padded_rows(const Tensor& tensor, std::int64_t rows) {
  if (tensor.size(0) >= rows) return tensor;
  return at::cat({tensor, at::zeros({rows - tensor.size(0), tensor.size(1)}, tensor.options())});
}

Tensor first_rows(const Tensor& tensor, std::int64_t rows) {
  return tensor.dim() > 0 && rows > 0 && tensor.size(0) > rows ? tensor.narrow(0, 0, rows) : tensor;
}

void check_rows(const Tensor& fused, std::int64_t num_heads, std::string_view name) {
  if (fused.dim() >= 1 && fused.size(0) % (3 * num_heads) == 0) return;
  fail(ErrorKind::kInput, concat("tensor ", name, ": rows are no multiple of 3 times the ",
                                 num_heads, " heads: shape ", shape_text(fused)));
}

// Rows as first x second x rows of a head, with the first two exchanged.
Tensor exchanged(const Tensor& fused, std::int64_t first, std::int64_t second) {
  const std::vector<std::int64_t> shape = fused.sizes().vec();
  std::vector<std::int64_t> split = {first, second, shape[0] / (first * second)};
  split.insert(split.end(), shape.begin() + 1, shape.end());
  return fused.reshape(split).transpose(0, 1).reshape(shape);
}

}  // namespace

NamedTensors to_nemo(const NamedTensors& parameters,
                     NemoForm form,
                     std::int64_t num_attention_heads,
                     std::int64_t vocab_multiple) {
  const bool is_core = form == NemoForm::kMegatronCore;
  const std::string_view prefix = is_core ? kCorePrefix : kPrefix;
  const std::span<const NamePair> in_layer = is_core ? kInCoreLayer : kInLayer;
  NamedTensors tensors;
  std::int64_t hidden_size = 0;
  for (const NamedTensor& parameter : parameters) {
    Tensor tensor = parameter.tensor.detach().cpu();
    if (parameter.name == kWordEmbeddings) {
      const std::int64_t rows = tensor.size(0);
      hidden_size = tensor.size(1);
      tensor = padded_rows(tensor, (rows + vocab_multiple - 1) / vocab_multiple * vocab_multiple);
    } else if (parameter.name == kTypeEmbeddings) {
      tensor = padded_rows(tensor, kNemoTokenTypes);
    } else if (form != NemoForm::kBlocks && parameter.name.find(kFused) != std::string::npos) {
      tensor = exchanged(tensor, 3, num_attention_heads);
    }
    const std::optional<std::string> name =
        translated(parameter.name, in_layer, &NamePair::first, &NamePair::second);
    if (!name) fail(ErrorKind::kInternal, concat("NeMo has no name for ", parameter.name));
    tensors.push_back({concat(prefix, *name), std::move(tensor)});
  }
  tensors.push_back({concat(prefix, "pooler.dense.weight"), at::zeros({hidden_size, hidden_size})});
  tensors.push_back({concat(prefix, "pooler.dense.bias"), at::zeros({hidden_size})});
  return tensors;
}

NamedTensors from_nemo(NamedTensors tensors, const NemoLayout& layout) {
  NamedTensors weights;
  NamedTensors ignored;
  for (NamedTensor& each : tensors) {
    std::optional<FoundName> found = encoder_name(each.name);
    if (!found) {
      ignored.push_back(std::move(each));
      continue;
    }
    Tensor tensor = std::move(each.tensor);
    if (found->name == kWordEmbeddings) {
      tensor = first_rows(tensor, layout.vocab_size);
    } else if (found->name == kTypeEmbeddings) {
      tensor = first_rows(tensor, layout.type_vocab_size);
    } else if (found->name.find(kFused) != std::string::npos &&
               (found->is_core || !layout.megatron_legacy)) {
      check_rows(tensor, layout.num_attention_heads, each.name);
      tensor = exchanged(tensor, layout.num_attention_heads, 3);
    }
    weights.push_back({std::move(found->name), std::move(tensor)});
  }
  if (weights.empty()) {
    fail(ErrorKind::kInput, concat("holds no tensor of an encoder: no name begins with ", kPrefix,
                                   " or ", kCorePrefix, "encoder."));
  }
  log_ignored(ignored);
  return weights;
}

}  // namespace sbert
