#include "sbert/checkpoint/nemo_weights.h"

#include <algorithm>
#include <array>
#include <optional>
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

// "encoder.layer.3.output.dense.bias" in the other language: pairs are looked up by the name in
// `from`, which is &NamePair::first or &NamePair::second.
std::optional<std::string> translated(std::string_view name,
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
  const std::string_view in_layer = name.substr(digits);
  for (const NamePair& pair : kInLayer) {
    if (in_layer.starts_with(pair.*from)) {
      return concat(kLayer.*to, name.substr(0, digits), pair.*to,
                    in_layer.substr((pair.*from).size()));
    }
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

// From (head, q/k/v, row of the head) to (q/k/v, head, row of the head).
Tensor rows_by_kind(const Tensor& interleaved, std::int64_t num_heads, std::string_view name) {
  if (interleaved.dim() < 1 || interleaved.size(0) % (3 * num_heads) != 0) {
    fail(ErrorKind::kInput, concat("tensor ", name, ": rows are no multiple of 3 times the ",
                                   num_heads, " heads: shape ", shape_text(interleaved)));
  }
  const std::int64_t head_rows = interleaved.size(0) / (3 * num_heads);
  const std::vector<std::int64_t> shape = interleaved.sizes().vec();
  std::vector<std::int64_t> split = {num_heads, 3, head_rows};
  split.insert(split.end(), shape.begin() + 1, shape.end());
  return interleaved.reshape(split).transpose(0, 1).reshape(shape);
}

}  // namespace

NamedTensors to_nemo(const NamedTensors& parameters, std::int64_t vocab_multiple) {
  NamedTensors tensors;
  std::int64_t hidden_size = 0;
  for (const NamedTensor& parameter : parameters) {
    Tensor tensor = parameter.tensor.detach();
    if (parameter.name == kWordEmbeddings) {
      const std::int64_t rows = tensor.size(0);
      hidden_size = tensor.size(1);
      tensor = padded_rows(tensor, (rows + vocab_multiple - 1) / vocab_multiple * vocab_multiple);
    } else if (parameter.name == kTypeEmbeddings) {
      tensor = padded_rows(tensor, kNemoTokenTypes);
    }
    const std::optional<std::string> name =
        translated(parameter.name, &NamePair::first, &NamePair::second);
    if (!name) fail(ErrorKind::kInternal, concat("NeMo has no name for ", parameter.name));
    tensors.push_back({concat(kPrefix, *name), std::move(tensor)});
  }
  tensors.push_back(
      {concat(kPrefix, "pooler.dense.weight"), at::zeros({hidden_size, hidden_size})});
  tensors.push_back({concat(kPrefix, "pooler.dense.bias"), at::zeros({hidden_size})});
  return tensors;
}

NamedTensors from_nemo(NamedTensors tensors, const NemoLayout& layout) {
  NamedTensors weights;
  NamedTensors ignored;
  for (NamedTensor& each : tensors) {
    std::string_view theirs = each.name;
    const bool is_ours = theirs.starts_with(kPrefix);
    if (is_ours) theirs.remove_prefix(kPrefix.size());
    std::optional<std::string> name =
        is_ours ? translated(theirs, &NamePair::second, &NamePair::first) : std::nullopt;
    if (!name) {
      ignored.push_back(std::move(each));
      continue;
    }
    Tensor tensor = std::move(each.tensor);
    if (*name == kWordEmbeddings) {
      tensor = first_rows(tensor, layout.vocab_size);
    } else if (*name == kTypeEmbeddings) {
      tensor = first_rows(tensor, layout.type_vocab_size);
    } else if (!layout.megatron_legacy && name->find(kFused) != std::string::npos) {
      tensor = rows_by_kind(tensor, layout.num_attention_heads, each.name);
    }
    weights.push_back({std::move(*name), std::move(tensor)});
  }
  if (weights.empty()) {
    fail(ErrorKind::kInput, concat("holds no tensor whose name begins with ", kPrefix));
  }
  log_ignored(ignored);
  return weights;
}

}  // namespace sbert
