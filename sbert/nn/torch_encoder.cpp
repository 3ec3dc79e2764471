#include "sbert/model/bert_encoder.h"

#include <algorithm>
#include <string>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/nn/named_tensor.h"
#include "sbert/base/random.h"
#include "sbert/nn/dropout.h"
#include "sbert/nn/transformer_layer.h"
#include "sbert/nn/lora.h"
#include "sbert/nn/on_device.h"
#include "sbert/nn/recompute.h"
#include "sbert/nn/zero_tensor.h"

namespace sbert {
namespace {

void check_range(const std::vector<std::int32_t>& values, std::int64_t limit, const char* what) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  if (least == values.end() || *least < 0 || *most >= limit) {
    fail(ErrorKind::kInternal,
         concat(what, " of a batch must be in [0, ", limit,
                "): ", least == values.end() ? "there are none" : concat(*least, " to ", *most)));
  }
}

}  // namespace

struct BertEncoder::State {
  explicit State(const EncoderConfig& c)
      : config(c),
        word_embeddings(zero_tensor({c.vocab_size, c.hidden_size})),
        position_embeddings(zero_tensor({c.max_position_embeddings, c.hidden_size})),
        token_type_embeddings(zero_tensor({c.type_vocab_size, c.hidden_size})),
        embedding_norm(c.hidden_size, c.layernorm_epsilon) {
    layers.reserve(static_cast<std::size_t>(c.num_layers));
    for (std::int64_t i = 0; i < c.num_layers; ++i)
      layers.emplace_back(c);
  }

  EncoderConfig config;
  ComputePrecision precision = ComputePrecision::kFloat32;
  bool recompute = false;
  std::set<std::string> frozen;  // names
  Tensor word_embeddings;        // [V, H]
  Tensor position_embeddings;    // [P, H]
  Tensor token_type_embeddings;  // [types, H]
  LayerNorm embedding_norm;
  std::vector<EncoderLayer> layers;

  Tensor embed(const PackedBatch& batch, DropoutSites& sites) const {
    const Tensor words =
        at::embedding(word_embeddings, on_device(batch.ids, word_embeddings.device()),
                      /*padding_idx=*/-1, /*scale_grad_by_freq=*/false,
                      /*sparse=*/word_embeddings.is_cpu());
    const Tensor sum =
        words +
        at::embedding(position_embeddings, on_device(batch.positions, word_embeddings.device())) +
        token_type_embeddings.select(0, 0);  // [T, H]
    // As NeMo does it: dropout, then the norm (Hugging Face has them the other way round).
    return embedding_norm(dropout(sum, sites.next(config.hidden_dropout)));
  }

  Tensor apply(const EncoderLayer& layer,
               const Tensor& x,
               const Sequences& sequences,
               DropoutSites& sites) const {
    if (!recompute || !at::GradMode::is_enabled()) {
      return layer.forward(x, sequences, config, precision, sites);
    }
    std::vector<Tensor> inputs{x};
    const auto add = [&](const std::string&, const Tensor& tensor) { inputs.push_back(tensor); };
    visit_parameters(layer, "", add);
    visit_lora(layer, "", add);
    const auto work = [again = layer, sequences, c = config, p = precision,
                       first = sites](const std::vector<Tensor>& given) {
      EncoderLayer repeated = again;
      auto next = given.begin() + 1;
      const auto take = [&](const std::string&, Tensor& tensor) { tensor = *next++; };
      visit_parameters(repeated, "", take);
      visit_lora(repeated, "", take);
      DropoutSites its_sites = first;
      return repeated.forward(given[0], sequences, c, p, its_sites);
    };
    sites.skip(layer.num_dropout_sites());
    return recomputed(work, inputs);
  }
};

namespace {

// Calls visit(name, tensor) for each parameter but those of LoRA, in the order of the network.
template <typename State, typename Visit>
void visit_base(State& state, const Visit& visit) {
  visit("embeddings.word_embeddings.weight", state.word_embeddings);
  visit("embeddings.position_embeddings.weight", state.position_embeddings);
  visit("embeddings.token_type_embeddings.weight", state.token_type_embeddings);
  visit("embeddings.LayerNorm.weight", state.embedding_norm.weight);
  visit("embeddings.LayerNorm.bias", state.embedding_norm.bias);
  for (std::size_t i = 0; i < state.layers.size(); ++i)
    visit_parameters(state.layers[i], concat("encoder.layer.", i, "."), visit);
}

template <typename State, typename Visit>
void visit_adapters(State& state, const Visit& visit) {
  for (std::size_t i = 0; i < state.layers.size(); ++i)
    visit_lora(state.layers[i], concat("encoder.layer.", i, "."), visit);
}

// A visitor that keeps what it sees.
auto append_to(std::vector<NamedTensor>& named) {
  return
      [&named](const std::string& name, const Tensor& tensor) { named.push_back({name, tensor}); };
}

}  // namespace

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
  const auto separate = [&](const std::string& name, Tensor& tensor) {
    tensor = tensor.detach().requires_grad_(!state->frozen.contains(name));
  };
  visit_base(*state, separate);
  visit_adapters(*state, separate);
  return BertEncoder(std::move(state));
}

c10::Device BertEncoder::device() const {
  return state_->word_embeddings.device();
}

void BertEncoder::to(const c10::Device& device) {
  const auto move = [&](const std::string&, Tensor& tensor) {
    tensor = tensor.detach().to(device);
  };
  visit_base(*state_, move);
  visit_adapters(*state_, move);
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

void BertEncoder::set_recompute(bool recompute) {
  state_->recompute = recompute;
}
void BertEncoder::set_compute_precision(ComputePrecision precision) {
  state_->precision = precision;
}
ComputePrecision BertEncoder::compute_precision() const {
  return state_->precision;
}

std::vector<NamedTensor> BertEncoder::parameters() const {
  std::vector<NamedTensor> named;
  visit_base(*state_, append_to(named));
  return named;
}

std::vector<NamedTensor> BertEncoder::lora_parameters() const {
  std::vector<NamedTensor> named;
  visit_adapters(*state_, append_to(named));
  return named;
}

std::vector<NamedTensor> BertEncoder::trainable_parameters() const {
  std::vector<NamedTensor> named = parameters();
  visit_adapters(*state_, append_to(named));
  std::erase_if(named, [&](const NamedTensor& each) { return state_->frozen.contains(each.name); });
  return named;
}

void BertEncoder::freeze(const std::set<std::string>& names) {
  std::set<std::string> unknown = names;
  const auto find = [&](const std::string& name, const Tensor&) { unknown.erase(name); };
  visit_base(*state_, find);
  visit_adapters(*state_, find);
  if (!unknown.empty()) {
    fail(ErrorKind::kInternal, concat("no parameter to freeze of this name: ", *unknown.begin()));
  }
  state_->frozen.insert(names.begin(), names.end());
}

void BertEncoder::add_lora(const LoraOptions& options, std::uint64_t seed) {
  options.validate();
  if (!lora_parameters().empty()) {
    fail(ErrorKind::kUsage, "the encoder has LoRA adapters already; merge them first");
  }
  for (std::size_t i = 0; i < state_->layers.size(); ++i)
    sbert::add_lora(state_->layers[i], options, derive_key(seed, i));
  visit_base(*state_, [&](const std::string& name, const Tensor&) { state_->frozen.insert(name); });
}

void BertEncoder::merge_lora() {
  for (EncoderLayer& layer : state_->layers)
    sbert::merge_lora(layer);
  state_->frozen.clear();
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
  const Sequences sequences(batch, device());
  DropoutSites sites(dropout_key, sequences.cu_seqlens);
  Tensor x = state_->embed(batch, sites);
  const auto type = x.scalar_type();
  // On a GPU what is not a product is bound by memory: there the residual stream has 16 bits, too.
  if (!x.is_cpu()) x = to_compute_type(x, state_->precision);
  for (const EncoderLayer& layer : state_->layers)
    x = state_->apply(layer, x, sequences, sites);
  return x.to(type);
}

}  // namespace sbert
