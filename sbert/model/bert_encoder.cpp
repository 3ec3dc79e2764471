#include "sbert/model/bert_encoder.h"

#include <algorithm>
#include <string>

#include <ATen/ATen.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/random.h"
#include "sbert/model/dropout.h"
#include "sbert/base/named_tensor.h"
#include "sbert/model/packed_attention.h"

namespace sbert {
namespace {

struct Linear {
  Tensor weight;  // [out, in]
  Tensor bias;    // [out]

  Linear(std::int64_t out, std::int64_t in)
      : weight(at::zeros({out, in})), bias(at::zeros({out})) {}
  Tensor operator()(const Tensor& x) const { return at::linear(x, weight, bias); }
};

struct LayerNorm {
  Tensor weight;  // [H]
  Tensor bias;    // [H]
  double epsilon;

  LayerNorm(std::int64_t size, double eps)
      : weight(at::zeros({size})), bias(at::zeros({size})), epsilon(eps) {}
  Tensor operator()(const Tensor& x) const {
    return at::layer_norm(x, weight.sizes(), weight, bias, epsilon);
  }
};

struct Layer {
  Linear qkv;               // [3H, H]
  Linear attention_output;  // [H, H]
  LayerNorm attention_norm;
  Linear intermediate;  // [F, H]
  Linear output;        // [H, F]
  LayerNorm output_norm;

  explicit Layer(const EncoderConfig& c)
      : qkv(3 * c.hidden_size, c.hidden_size),
        attention_output(c.hidden_size, c.hidden_size),
        attention_norm(c.hidden_size, c.layernorm_epsilon),
        intermediate(c.ffn_hidden_size, c.hidden_size),
        output(c.hidden_size, c.ffn_hidden_size),
        output_norm(c.hidden_size, c.layernorm_epsilon) {}
};

Tensor activate(Activation activation, const Tensor& x) {
  switch (activation) {
    case Activation::kGelu:
      return at::gelu(x);
    case Activation::kGeluTanh:
      return at::gelu(x, "tanh");
    case Activation::kRelu:
      return at::relu(x);
  }
  return x;
}

// Numbers the places where a pass may drop values, in the order in which it comes to them.
class DropoutSites {
 public:
  DropoutSites(const EncoderConfig& config,
               const std::optional<DropoutKey>& key,
               std::int64_t num_sequences)
      : config_(config) {
    if (!key) return;
    key_ = key->value;
    sequences_ = key->sequences.empty() ? at::arange(num_sequences, at::kLong)
                                        : at::tensor(key->sequences, at::kLong);
    if (sequences_.size(0) != num_sequences) {
      fail(ErrorKind::kInternal, "a dropout key must number each sequence of the batch");
    }
  }

  DropoutSite next_hidden() { return next(config_.hidden_dropout); }
  DropoutSite next_attention() { return next(config_.attention_dropout); }

 private:
  DropoutSite next(double rate) {
    if (!key_) return {};
    return {rate, derive_key(*key_, site_++), sequences_};
  }

  const EncoderConfig& config_;
  std::optional<std::uint64_t> key_;
  Tensor sequences_;
  int site_ = 0;
};

Tensor int_tensor(const std::vector<std::int32_t>& values) {
  return at::tensor(values, at::kInt);
}

void check_range(const std::vector<std::int32_t>& values, std::int64_t limit, const char* what) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  if (least == values.end() || *least < 0 || *most >= limit) {
    fail(ErrorKind::kInternal,
         concat(what, " of a batch must be in [0, ", limit,
                "): ", least == values.end() ? "there are none" : concat(*least, " to ", *most)));
  }
}

}  // namespace

void EncoderConfig::validate() const {
  const auto check = [](const char* key, std::int64_t value, std::int64_t most) {
    if (value < 1 || value > most) {
      fail(ErrorKind::kInput, concat(key, " must be from 1 to ", most, ": ", value));
    }
  };
  check("vocab_size", vocab_size, 10'000'000);
  check("hidden_size", hidden_size, 65'536);
  check("num_layers", num_layers, 1'000);
  check("num_attention_heads", num_attention_heads, 1'024);
  check("ffn_hidden_size", ffn_hidden_size, 1 << 20);
  check("max_position_embeddings", max_position_embeddings, 1 << 20);
  check("type_vocab_size", type_vocab_size, 1'024);
  if (hidden_size % num_attention_heads != 0) {
    fail(ErrorKind::kInput, concat("hidden_size must be a multiple of num_attention_heads: ",
                                   hidden_size, " and ", num_attention_heads));
  }
  if (!(layernorm_epsilon > 0 && layernorm_epsilon < 1)) {
    fail(ErrorKind::kInput, concat("layernorm_epsilon must be in (0, 1): ", layernorm_epsilon));
  }
  for (const auto& [key, rate] :
       {std::pair{"hidden_dropout", hidden_dropout}, {"attention_dropout", attention_dropout}}) {
    if (!(rate >= 0 && rate < 1)) {
      fail(ErrorKind::kInput, concat(key, " must be in [0, 1): ", rate));
    }
  }
}

struct BertEncoder::State {
  explicit State(const EncoderConfig& c)
      : config(c),
        word_embeddings(at::zeros({c.vocab_size, c.hidden_size})),
        position_embeddings(at::zeros({c.max_position_embeddings, c.hidden_size})),
        token_type_embeddings(at::zeros({c.type_vocab_size, c.hidden_size})),
        embedding_norm(c.hidden_size, c.layernorm_epsilon) {
    layers.reserve(static_cast<std::size_t>(c.num_layers));
    for (std::int64_t i = 0; i < c.num_layers; ++i)
      layers.emplace_back(c);
  }

  EncoderConfig config;
  Tensor word_embeddings;        // [V, H]
  Tensor position_embeddings;    // [P, H]
  Tensor token_type_embeddings;  // [types, H]
  LayerNorm embedding_norm;
  std::vector<Layer> layers;

  Tensor embed(const PackedBatch& batch, const Tensor& cu_seqlens, DropoutSites& sites) const {
    const Tensor sum = at::embedding(word_embeddings, int_tensor(batch.ids)) +
                       at::embedding(position_embeddings, int_tensor(batch.positions)) +
                       token_type_embeddings.select(0, 0);  // [T, H]
    // As NeMo does it: dropout, then the norm (Hugging Face has them the other way round).
    return embedding_norm(dropout(sum, cu_seqlens, sites.next_hidden()));
  }

  Tensor apply(const Layer& layer,
               const Tensor& x,
               const Tensor& cu_seqlens,
               DropoutSites& sites) const {
    const Tensor context = packed_attention(layer.qkv(x), cu_seqlens, config.num_attention_heads,
                                            sites.next_attention());
    const Tensor attended = dropout(layer.attention_output(context), cu_seqlens, sites.next_hidden());
    const Tensor middle = layer.attention_norm(x + attended);
    const Tensor wide = activate(config.activation, layer.intermediate(middle));  // [T, F]
    const Tensor narrow = dropout(layer.output(wide), cu_seqlens, sites.next_hidden());
    return layer.output_norm(middle + narrow);
  }
};

BertEncoder::BertEncoder(const EncoderConfig& config) {
  config.validate();
  state_ = std::make_unique<State>(config);
}
BertEncoder::BertEncoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
BertEncoder::~BertEncoder() = default;
BertEncoder::BertEncoder(BertEncoder&&) noexcept = default;
BertEncoder& BertEncoder::operator=(BertEncoder&&) noexcept = default;

BertEncoder BertEncoder::shared() const {
  auto state = std::make_unique<State>(*state_);
  const auto separate = [](Tensor& tensor) { tensor = tensor.detach().requires_grad_(true); };
  const auto separate_both = [&](auto& part) {
    separate(part.weight);
    separate(part.bias);
  };
  separate(state->word_embeddings);
  separate(state->position_embeddings);
  separate(state->token_type_embeddings);
  separate_both(state->embedding_norm);
  for (Layer& layer : state->layers) {
    for (Linear* part : {&layer.qkv, &layer.attention_output, &layer.intermediate, &layer.output}) {
      separate_both(*part);
    }
    for (LayerNorm* part : {&layer.attention_norm, &layer.output_norm})
      separate_both(*part);
  }
  return BertEncoder(std::move(state));
}

const EncoderConfig& BertEncoder::config() const {
  return state_->config;
}

void BertEncoder::set_dropout(double hidden, double attention) {
  EncoderConfig changed = state_->config;
  changed.hidden_dropout = hidden;
  changed.attention_dropout = attention;
  changed.validate();
  state_->config = changed;
}

std::vector<NamedTensor> BertEncoder::parameters() const {
  std::vector<NamedTensor> named{
      {"embeddings.word_embeddings.weight", state_->word_embeddings},
      {"embeddings.position_embeddings.weight", state_->position_embeddings},
      {"embeddings.token_type_embeddings.weight", state_->token_type_embeddings},
  };
  const auto add = [&](const std::string& name, const auto& part) {
    named.push_back({name + ".weight", part.weight});
    named.push_back({name + ".bias", part.bias});
  };
  add("embeddings.LayerNorm", state_->embedding_norm);
  for (std::size_t i = 0; i < state_->layers.size(); ++i) {
    const Layer& layer = state_->layers[i];
    const std::string prefix = concat("encoder.layer.", i);
    add(prefix + ".attention.self.qkv", layer.qkv);
    add(prefix + ".attention.output.dense", layer.attention_output);
    add(prefix + ".attention.output.LayerNorm", layer.attention_norm);
    add(prefix + ".intermediate.dense", layer.intermediate);
    add(prefix + ".output.dense", layer.output);
    add(prefix + ".output.LayerNorm", layer.output_norm);
  }
  return named;
}

std::int64_t BertEncoder::num_parameters() const {
  std::int64_t count = 0;
  for (const NamedTensor& parameter : parameters())
    count += parameter.tensor.numel();
  return count;
}

Tensor BertEncoder::forward(const PackedBatch& batch,
                            const std::optional<DropoutKey>& dropout_key) const {
  check_range(batch.ids, state_->config.vocab_size, "token ids");
  check_range(batch.positions, state_->config.max_position_embeddings, "positions");
  const Tensor cu_seqlens = int_tensor(batch.cu_seqlens);
  DropoutSites sites(state_->config, dropout_key, batch.num_sequences());
  Tensor x = state_->embed(batch, cu_seqlens, sites);
  for (const Layer& layer : state_->layers)
    x = state_->apply(layer, x, cu_seqlens, sites);
  return x;
}

}  // namespace sbert
