#include "sbert/checkpoint/families/nemo.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/checkpoint/name_lists.h"

namespace sbert {
namespace {

using NamePair = std::pair<std::string_view, std::string_view>;  // of parameter_specs(), NeMo's

constexpr std::string_view kPrefix = "model.language_model.";
constexpr std::string_view kCorePrefix = "model.";
constexpr std::string_view kWordEmbeddings = "embeddings.word_embeddings.weight";
constexpr std::string_view kTypeEmbeddings = "embeddings.token_type_embeddings.weight";
constexpr std::string_view kPositionEmbeddings = "embeddings.position_embeddings.weight";
// Query, key and value of a layer, which NeMo stacks, and the names of the three.
constexpr std::string_view kFused = ".attention.self.qkv.";
constexpr std::array<std::string_view, 3> kSeparate = {
    ".attention.self.query.", ".attention.self.key.", ".attention.self.value."};
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

// The name of parameter_specs() for a tensor, and whether it has Megatron Core's.
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

std::string replaced(std::string_view name, std::string_view from, std::string_view to) {
  const std::size_t at = name.find(from);
  return concat(name.substr(0, at), to, name.substr(at + from.size()));
}

Weight padded_rows(const Weight& weight, std::int64_t rows) {
  if (weight.shape[0] >= rows) return weight;
  WeightBuffer padded(weight.name, weight.type, {rows, weight.shape[1]});
  std::memcpy(padded.bytes(), weight.bytes.data(), weight.bytes.size());
  return std::move(padded).take();
}

Weight first_rows(const Weight& weight, std::int64_t rows) {
  const bool is_longer = !weight.shape.empty() && rows > 0 && weight.shape[0] > rows;
  return is_longer ? slice_rows(weight, 0, rows) : weight;
}

Weight zeros(std::string name, std::vector<std::int64_t> shape) {
  return WeightBuffer(std::move(name), ElementType::kFloat32, std::move(shape)).take();
}

void check_rows(const Weight& fused, std::int64_t num_blocks, std::string_view name) {
  if (!fused.shape.empty() && fused.shape[0] % num_blocks == 0) return;
  fail(ErrorKind::kInput,
       concat("tensor ", name, ": the number of rows is not a multiple of ", num_blocks,
              ", for query, key and value of each head: shape ", shape_text(fused.shape)));
}

// Rows as first x second x rows of a head, with the first two exchanged.
Weight exchanged(const Weight& fused, std::int64_t first, std::int64_t second) {
  WeightBuffer result(fused.name, fused.type, fused.shape);
  const std::size_t block = fused.bytes.size() / static_cast<std::size_t>(first * second);
  char* to = result.bytes();
  for (std::int64_t j = 0; j < second; ++j) {
    for (std::int64_t i = 0; i < first; ++i, to += block) {
      std::memcpy(to, fused.bytes.data() + static_cast<std::size_t>(i * second + j) * block, block);
    }
  }
  return std::move(result).take();
}

// Query, key and value one below the other.
Weight stacked(const Weight& query, const Weight& key, const Weight& value) {
  std::vector<std::int64_t> shape = query.shape;
  shape[0] += key.shape[0] + value.shape[0];
  WeightBuffer result(replaced(query.name, kSeparate[0], kFused), ElementType::kFloat32,
                      std::move(shape));
  auto* to = reinterpret_cast<float*>(result.bytes());
  for (const Weight* part : {&query, &key, &value}) {
    read_floats(*part, 0, part->num_elements(), to);
    to += part->num_elements();
  }
  return std::move(result).take();
}

void add_parts(const Weight& fused, Weights& weights) {
  const std::int64_t rows = fused.shape[0] / 3;
  for (std::size_t i = 0; i < kSeparate.size(); ++i) {
    Weight part = slice_rows(fused, static_cast<std::int64_t>(i) * rows, rows);
    part.name = replaced(fused.name, kFused, kSeparate[i]);
    weights.push_back(std::move(part));
  }
}

// The weights with those of query, key and value stacked.
Weights with_stacked(const Weights& weights) {
  std::unordered_map<std::string_view, const Weight*> by_name;
  for (const Weight& each : weights)
    by_name[each.name] = &each;
  Weights result;
  for (const Weight& each : weights) {
    if (each.name.find(kSeparate[1]) != std::string::npos ||
        each.name.find(kSeparate[2]) != std::string::npos) {
      continue;
    }
    if (each.name.find(kSeparate[0]) == std::string::npos) {
      result.push_back(each);
      continue;
    }
    result.push_back(stacked(each, *by_name.at(replaced(each.name, kSeparate[0], kSeparate[1])),
                             *by_name.at(replaced(each.name, kSeparate[0], kSeparate[2]))));
  }
  return result;
}

}  // namespace

Weights to_nemo(const EncoderSpec& spec,
                const Weights& weights,
                NemoForm form,
                std::int64_t vocab_multiple) {
  const bool is_core = form == NemoForm::kMegatronCore;
  const std::string_view prefix = is_core ? kCorePrefix : kPrefix;
  const std::span<const NamePair> in_layer = is_core ? kInCoreLayer : kInLayer;
  const std::int64_t num_heads = spec.layers.front().attention.num_heads;
  Weights tensors = with_stacked(weights);
  for (Weight& each : tensors) {
    const std::optional<std::string> name =
        translated(each.name, in_layer, &NamePair::first, &NamePair::second);
    if (!name) fail(ErrorKind::kInternal, concat("NeMo has no name for ", each.name));
    if (each.name == kWordEmbeddings) {
      const std::int64_t rows = each.shape[0];
      each = padded_rows(each, (rows + vocab_multiple - 1) / vocab_multiple * vocab_multiple);
    } else if (each.name == kTypeEmbeddings) {
      each = padded_rows(each, kNemoTokenTypes);
    } else if (form != NemoForm::kBlocks && each.name.find(kFused) != std::string::npos) {
      each = exchanged(each, 3, num_heads);
    }
    each.name = concat(prefix, *name);
  }
  tensors.push_back(zeros(concat(prefix, "pooler.dense.weight"), {spec.width, spec.width}));
  tensors.push_back(zeros(concat(prefix, "pooler.dense.bias"), {spec.width}));
  return tensors;
}

Weights from_nemo(Weights tensors, const NemoLayout& layout) {
  Weights weights;
  Weights ignored;
  for (Weight& each : tensors) {
    std::optional<FoundName> found = encoder_name(each.name);
    if (!found) {
      ignored.push_back(std::move(each));
      continue;
    }
    const std::string theirs = std::exchange(each.name, std::move(found->name));
    if (each.name == kWordEmbeddings) {
      weights.push_back(first_rows(each, layout.vocab_size));
    } else if (each.name == kTypeEmbeddings) {
      weights.push_back(first_rows(each, layout.type_vocab_size));
    } else if (each.name.find(kFused) == std::string::npos) {
      weights.push_back(std::move(each));
    } else if (found->is_core || !layout.megatron_legacy) {
      check_rows(each, 3 * layout.num_attention_heads, theirs);
      add_parts(exchanged(each, layout.num_attention_heads, 3), weights);
    } else {
      check_rows(each, 3, theirs);
      add_parts(each, weights);
    }
  }
  if (weights.empty()) {
    fail(ErrorKind::kInput, concat("holds no tensor of an encoder: no name begins with ", kPrefix,
                                   " or ", kCorePrefix, "encoder."));
  }
  log_ignored(ignored);
  return weights;
}

NemoTableSizes nemo_table_sizes(const Weights& weights) {
  NemoTableSizes sizes;
  for (const Weight& each : weights) {
    const std::int64_t rows = each.shape.empty() ? 0 : each.shape[0];
    if (each.name == kWordEmbeddings) sizes.vocab_size = rows;
    if (each.name == kPositionEmbeddings) sizes.max_position_embeddings = rows;
    if (each.name == kTypeEmbeddings) sizes.type_vocab_size = rows;
  }
  return sizes;
}

}  // namespace sbert
