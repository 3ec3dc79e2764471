#include "sbert/nn/torch_encoder.h"

#include <algorithm>
#include <string>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/random.h"
#include "sbert/nn/dropout.h"
#include "sbert/nn/encoder_tensors.h"
#include "sbert/nn/freeze.h"
#include "sbert/nn/fused_parameters.h"
#include "sbert/nn/on_device.h"
#include "sbert/nn/recompute.h"
#include "sbert/nn/transformer_layer.h"

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

void check(const DropoutRates& dropout) {
  for (const auto& [field, rate] : {std::pair{"dropout.hidden", dropout.hidden},
                                    std::pair{"dropout.attention", dropout.attention}}) {
    if (rate >= 0 && rate < 1) continue;
    fail(ErrorKind::kUsage, concat(field, " must be in [0, 1): ", rate));
  }
}

// What does not change after the encoder is made; shared() copies have the same one.
struct Plan {
  EncoderSpec spec;
  TrainingRecipe recipe;
  FrozenParts frozen;
  FusedParameters parameters;
  ParameterIndex index;  // of parameters.tensors

  Plan(const EncoderSpec& s, const TrainingRecipe& r)
      : spec(s),
        recipe(r),
        frozen(read_frozen_parts(r.frozen_parts, std::ssize(s.layers))),
        parameters(fused_parameters(s)),
        index(tensor_specs(parameters)) {}

  bool is_trained(ParameterRole role, std::optional<std::int64_t> layer) const {
    return !recipe.lora && !frozen.contains(role, layer);
  }

 private:
  static std::vector<ParameterSpec> tensor_specs(const FusedParameters& parameters) {
    std::vector<ParameterSpec> specs;
    for (const FusedParameter& each : parameters.tensors)
      specs.push_back(each.tensor);
    return specs;
  }
};

}  // namespace

struct TorchEncoder::State {
  explicit State(std::shared_ptr<const Plan> p)
      : plan(std::move(p)), embedding_norm{{}, {}, plan->spec.norm.epsilon} {
    const LayerNorm norm = embedding_norm;
    for (const LayerSpec& layer : plan->spec.layers)
      layers.push_back({layer, {}, {}, norm, {}, {}, norm});
  }

  std::shared_ptr<const Plan> plan;
  Tensor word_embeddings;      // [V, H]
  Tensor position_embeddings;  // [P, H], or undefined: there are none
  Tensor type_embeddings;      // [types, H], or undefined: there are none
  LayerNorm embedding_norm;
  std::vector<TransformerLayer> layers;

  Tensor embed(const PackedBatch& batch, DropoutSites& sites) const {
    const c10::Device device = word_embeddings.device();
    Tensor sum = at::embedding(word_embeddings, on_device(batch.ids, device), /*padding_idx=*/-1,
                               /*scale_grad_by_freq=*/false,
                               /*sparse=*/word_embeddings.is_cpu());  // [T, H]
    if (position_embeddings.defined()) {
      sum = sum + at::embedding(position_embeddings, on_device(batch.positions, device));
    }
    if (type_embeddings.defined()) sum = sum + type_embeddings.select(0, 0);
    // As NeMo does it: dropout, then the norm (Hugging Face has them the other way round).
    return embedding_norm(dropout(sum, sites.next(plan->recipe.dropout.hidden)));
  }

  Tensor apply(const TransformerLayer& layer,
               const Tensor& x,
               const Sequences& sequences,
               DropoutSites& sites) const {
    if (!plan->recipe.recomputes || !at::GradMode::is_enabled()) {
      return layer.forward(x, sequences, plan->recipe, sites);
    }
    std::vector<Tensor> inputs{x};
    visit_tensors(layer, [&](const Tensor& tensor) { inputs.push_back(tensor); });
    const auto work = [again = layer, sequences, its_plan = plan,
                       first = sites](const std::vector<Tensor>& given) {
      TransformerLayer repeated = again;
      auto next = given.begin() + 1;
      visit_tensors(repeated, [&](Tensor& tensor) { tensor = *next++; });
      DropoutSites its_sites = first;
      return repeated.forward(given[0], sequences, its_plan->recipe, its_sites);
    };
    sites.skip(layer.num_dropout_sites());
    return recomputed(work, inputs);
  }
};

namespace {

// Calls visit(place, tensor) for each tensor but those of LoRA, in the order of the network; the
// place is that in the plan's tensors.
template <typename State, typename Visit>
void visit_base(State& state, const Visit& visit) {
  using enum ParameterRole;
  const ParameterIndex& index = state.plan->index;
  std::optional<std::int64_t> layer;
  const auto visit_place = [&](ParameterRole role, bool is_bias, auto& tensor) {
    if (const auto place = index.find(role, layer, is_bias)) visit(*place, tensor);
  };
  visit_place(kWordEmbedding, false, state.word_embeddings);
  visit_place(kPositionEmbedding, false, state.position_embeddings);
  visit_place(kTypeEmbedding, false, state.type_embeddings);
  visit_place(kEmbeddingNorm, false, state.embedding_norm.weight);
  visit_place(kEmbeddingNorm, true, state.embedding_norm.bias);
  for (layer = 0; auto& each : state.layers) {
    visit_places(each, visit_place);
    ++*layer;
  }
}

}  // namespace

TorchEncoder::TorchEncoder(const EncoderSpec& spec,
                           const Weights& weights,
                           const TrainingRecipe& recipe,
                           const c10::Device& device) {
  spec.validate();
  check_can_run(spec);
  check(recipe.dropout);
  if (recipe.lora) recipe.lora->validate();
  const auto plan = std::make_shared<const Plan>(spec, recipe);
  state_ = std::make_unique<State>(plan);
  std::vector<Tensor> tensors = encoder_tensors(weights, plan->parameters, device);
  visit_base(*state_,
             [&](std::size_t place, Tensor& tensor) { tensor = std::move(tensors[place]); });
  if (!recipe.lora) return;
  for (std::size_t i = 0; i < state_->layers.size(); ++i) {
    add_lora(state_->layers[i], static_cast<std::int64_t>(i), plan->parameters, *recipe.lora,
             derive_key(recipe.lora_seed, i));
  }
}
TorchEncoder::TorchEncoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
TorchEncoder::~TorchEncoder() = default;
TorchEncoder::TorchEncoder(TorchEncoder&&) noexcept = default;
TorchEncoder& TorchEncoder::operator=(TorchEncoder&&) noexcept = default;

TorchEncoder TorchEncoder::shared() const {
  auto state = std::make_unique<State>(*state_);
  const Plan& plan = *state->plan;
  visit_base(*state, [&](std::size_t place, Tensor& tensor) {
    const ParameterSpec& its = plan.parameters.tensors[place].tensor;
    tensor = tensor.detach().requires_grad_(plan.is_trained(its.role, its.layer));
  });
  for (TransformerLayer& layer : state->layers) {
    visit_adapters(layer, [](LoraAdapter& adapter) {
      for (Tensor* each : {&adapter.a, &adapter.b})
        *each = each->detach().requires_grad_(true);
    });
  }
  return TorchEncoder(std::move(state));
}

const EncoderSpec& TorchEncoder::spec() const {
  return state_->plan->spec;
}
const TrainingRecipe& TorchEncoder::recipe() const {
  return state_->plan->recipe;
}
c10::Device TorchEncoder::device() const {
  return state_->word_embeddings.device();
}

EncoderParameters TorchEncoder::parameters() const {
  EncoderParameters parameters;
  visit_base(*state_, [&](std::size_t place, const Tensor& tensor) {
    const ParameterSpec& its = state_->plan->parameters.tensors[place].tensor;
    parameters.push_back({its.name, tensor, its.role, its.layer, its.is_bias});
  });
  return parameters;
}

EncoderParameters TorchEncoder::lora_parameters() const {
  EncoderParameters parameters;
  for (std::int64_t i = 0; const TransformerLayer& layer : state_->layers) {
    visit_adapters(layer, [&](const LoraAdapter& its) {
      parameters.push_back({its.module + ".lora_A.weight", its.a, its.role, i, false});
      parameters.push_back({its.module + ".lora_B.weight", its.b, its.role, i, false});
    });
    ++i;
  }
  return parameters;
}

EncoderParameters TorchEncoder::trainable_parameters() const {
  if (recipe().lora) return lora_parameters();
  EncoderParameters trained = parameters();
  std::erase_if(trained, [&](const EncoderParameter& each) {
    return !state_->plan->is_trained(each.role, each.layer);
  });
  return trained;
}

Weights TorchEncoder::weights() const {
  State merged = *state_;
  for (TransformerLayer& layer : merged.layers) {
    for (Linear* linear : {&layer.qkv, &layer.attention_output, &layer.up, &layer.down})
      linear->weight = merged_weight(*linear);
  }
  const FusedParameters& parameters = state_->plan->parameters;
  std::vector<Tensor> tensors(parameters.tensors.size());
  visit_base(merged, [&](std::size_t place, const Tensor& tensor) { tensors[place] = tensor; });
  return encoder_weights(tensors, parameters);
}

Tensor TorchEncoder::forward(const PackedBatch& batch,
                             const std::optional<DropoutKey>& dropout_key) const {
  const EmbeddingSpec& tables = spec().embeddings;
  check_range(batch.ids, tables.vocab_size, "token ids");
  if (tables.num_positions > 0) check_range(batch.positions, tables.num_positions, "positions");
  const Sequences sequences(batch, device());
  DropoutSites sites(dropout_key, sequences.cu_seqlens);
  Tensor x = state_->embed(batch, sites);
  const auto type = x.scalar_type();
  // On a GPU what is not a product is bound by memory: there the residual stream has 16 bits, too.
  if (!x.is_cpu()) x = to_compute_type(x, recipe().precision);
  for (const TransformerLayer& layer : state_->layers)
    x = state_->apply(layer, x, sequences, sites);
  return x.to(type);
}

}  // namespace sbert
