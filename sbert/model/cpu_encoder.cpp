#include "sbert/model/inference_encoder.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/nn/named_tensor.h"
#include "sbert/base/threads.h"
#include "sbert/model/bert_encoder.h"
#include "sbert/kernels/inference_kernels.h"
#include "sbert/kernels/packed_linear.h"

namespace sbert {
namespace {

// Tokens that go through the second half of a layer together: a multiple of every kernel's tile,
// few enough for their widest values, [192, 4H] of a small model, to stay in the second cache.
constexpr std::int64_t kBlockTokens = 192;

After after_of(Activation activation) {
  switch (activation) {
    case Activation::kGelu:
      return After::kGelu;
    case Activation::kGeluTanh:
      return After::kGeluTanh;
    case Activation::kRelu:
      return After::kRelu;
  }
  return After::kNothing;
}

// The parameters of an encoder by their names.
class Parameters {
 public:
  explicit Parameters(const BertEncoder& encoder) {
    for (const NamedTensor& each : encoder.parameters())
      by_name_.emplace(each.name, each.tensor.detach().contiguous());
  }
  const Tensor& operator()(const std::string& name) const { return by_name_.at(name); }

 private:
  std::map<std::string, Tensor> by_name_;
};

struct LayerNormWeights {
  LayerNormWeights(const Parameters& get, const std::string& name, double eps)
      : weight(get(name + ".weight")),
        bias(get(name + ".bias")),
        epsilon(static_cast<float>(eps)) {}

  Norm kernel_form() const {
    return {weight.const_data_ptr<float>(), bias.const_data_ptr<float>(), weight.size(0), epsilon};
  }

  Tensor weight;
  Tensor bias;
  float epsilon;
};

struct InferenceLayer {
  InferenceLayer(const Parameters& get,
                 const std::string& prefix,
                 double epsilon,
                 InferencePrecision precision,
                 WeightMemory& memory)
      : qkv(linear(get, prefix + "attention.self.qkv", precision, memory)),
        attention_output(linear(get, prefix + "attention.output.dense", precision, memory)),
        intermediate(linear(get, prefix + "intermediate.dense", precision, memory)),
        output(linear(get, prefix + "output.dense", precision, memory)),
        attention_norm(get, prefix + "attention.output.LayerNorm", epsilon),
        output_norm(get, prefix + "output.LayerNorm", epsilon) {}

  static std::int64_t weight_bytes(const EncoderConfig& c, InferencePrecision precision) {
    const auto bytes = [&](std::int64_t out, std::int64_t in) {
      return PackedLinear::weight_bytes(out, in, precision);
    };
    return bytes(3 * c.hidden_size, c.hidden_size) + bytes(c.hidden_size, c.hidden_size) +
           bytes(c.ffn_hidden_size, c.hidden_size) + bytes(c.hidden_size, c.ffn_hidden_size);
  }

  static PackedLinear linear(const Parameters& get,
                             const std::string& name,
                             InferencePrecision precision,
                             WeightMemory& memory) {
    return {get(name + ".weight"), get(name + ".bias"), precision, memory};
  }

  PackedLinear qkv;
  PackedLinear attention_output;
  PackedLinear intermediate;
  PackedLinear output;
  LayerNormWeights attention_norm;
  LayerNormWeights output_norm;
};

// Values that grow to the most that was ever asked for.
class Buffer {
 public:
  float* get(std::int64_t size) {
    if (!values_.defined() || values_.numel() < size) values_ = at::empty({size}, at::kFloat);
    return values_.data_ptr<float>();
  }

 private:
  Tensor values_;
};

// The memory of a forward pass. A thread keeps it for the next one: fresh pages cost more than
// what is computed in them.
struct Workspace {
  Buffer qkv;      // [T, 3H]
  Buffer context;  // [T, H]
  Buffer attention;
  Buffer half;  // [block, H]
  Buffer wide;  // [block, F]
  ProductScratch product;
};

// Calls work(first, rows) for blocks of the tokens.
template <typename Work>
void for_each_block(std::int64_t tokens, const Work& work) {
  for (std::int64_t first = 0; first < tokens; first += kBlockTokens)
    work(first, std::min(kBlockTokens, tokens - first));
}

void attend(const PackedBatch& batch,
            const EncoderConfig& config,
            const float* qkv,
            float* context,
            Buffer& scratch) {
  const InferenceKernels& kernel = inference_kernels();
  const std::int64_t head_dim = config.hidden_size / config.num_attention_heads;
  const AttendInput input{qkv, batch.cu_seqlens.data(), config.num_attention_heads, head_dim,
                          context};
  float* space = scratch.get(kernel.attend_scratch(head_dim, batch.max_seqlen));
  for (std::int64_t sequence = 0; sequence < batch.num_sequences(); ++sequence) {
    for (std::int64_t head = 0; head < config.num_attention_heads; ++head)
      kernel.attend(input, sequence, head, space);
  }
}

// x [T, H] becomes the layer's output.
void run_layer(const InferenceLayer& layer,
               const PackedBatch& batch,
               const EncoderConfig& config,
               Workspace& space,
               float* x) {
  const InferenceKernels& kernel = inference_kernels();
  const std::int64_t width = config.hidden_size;
  float* qkv = space.qkv.get(batch.num_tokens() * 3 * width);
  for_each_block(batch.num_tokens(), [&](std::int64_t first, std::int64_t rows) {
    layer.qkv(x + first * width, rows, After::kNothing, qkv + first * 3 * width, space.product);
  });
  float* context = space.context.get(batch.num_tokens() * width);
  attend(batch, config, qkv, context, space.attention);
  float* half = space.half.get(kBlockTokens * width);
  float* wide = space.wide.get(kBlockTokens * config.ffn_hidden_size);
  for_each_block(batch.num_tokens(), [&](std::int64_t first, std::int64_t rows) {
    float* stream = x + first * width;
    layer.attention_output(context + first * width, rows, After::kNothing, half, space.product);
    kernel.add_norm_rows(stream, half, rows, layer.attention_norm.kernel_form(), stream);
    layer.intermediate(stream, rows, after_of(config.activation), wide, space.product);
    layer.output(wide, rows, After::kNothing, half, space.product);
    kernel.add_norm_rows(stream, half, rows, layer.output_norm.kernel_form(), stream);
  });
}

}  // namespace

struct InferenceEncoder::State {
  State(const BertEncoder& encoder, InferencePrecision precision)
      : State(Parameters(encoder), encoder.config(), precision) {}

  State(const Parameters& get, const EncoderConfig& c, InferencePrecision precision)
      : config(c),
        word_embeddings(get("embeddings.word_embeddings.weight")),
        position_embeddings(get("embeddings.position_embeddings.weight")),
        token_type_embedding(get("embeddings.token_type_embeddings.weight").select(0, 0)),
        embedding_norm(get, "embeddings.LayerNorm", c.layernorm_epsilon),
        weights(c.num_layers * InferenceLayer::weight_bytes(c, precision)) {
    std::vector<std::optional<InferenceLayer>> made(static_cast<std::size_t>(c.num_layers));
    for_each_task(available_threads(), made.size(), [&](std::size_t i) {
      made[i].emplace(get, concat("encoder.layer.", i, "."), c.layernorm_epsilon, precision,
                      weights);
    });
    for (auto& layer : made)
      layers.push_back(std::move(*layer));
  }

  void embed(const PackedBatch& batch, float* x) const {
    const InferenceKernels& kernel = inference_kernels();
    const Norm norm = embedding_norm.kernel_form();
    const float* words = word_embeddings.const_data_ptr<float>();
    const float* positions = position_embeddings.const_data_ptr<float>();
    const float* type = token_type_embedding.const_data_ptr<float>();
    for (std::size_t i = 0; i < batch.ids.size(); ++i) {
      const std::int64_t id = batch.ids[i];
      const std::int64_t position = batch.positions[i];
      if (id < 0 || id >= config.vocab_size || position < 0 ||
          position >= config.max_position_embeddings) {
        fail(ErrorKind::kInternal,
             concat("a token's id or position is out of range: ", id, ", ", position));
      }
      kernel.add_norm(words + id * norm.size, positions + position * norm.size, type, norm,
                      x + static_cast<std::int64_t>(i) * norm.size);
    }
  }

  EncoderConfig config;
  Tensor word_embeddings;       // [V, H]
  Tensor position_embeddings;   // [P, H]
  Tensor token_type_embedding;  // [H]
  LayerNormWeights embedding_norm;
  WeightMemory weights;
  std::vector<InferenceLayer> layers;
};

bool InferenceEncoder::can_run(const BertEncoder& encoder) {
  if (encoder.compute_precision() != ComputePrecision::kFloat32) return false;
  const NamedTensors parameters = encoder.parameters();
  return std::ranges::all_of(parameters, [](const NamedTensor& each) {
    return each.tensor.is_cpu() && each.tensor.scalar_type() == at::kFloat;
  });
}

InferenceEncoder::InferenceEncoder(const BertEncoder& encoder, InferencePrecision precision) {
  if (!can_run(encoder)) {
    fail(ErrorKind::kInternal, "an encoder for inference on the CPU must be float32");
  }
  if (encoder.lora_parameters().empty()) {
    state_ = std::make_unique<State>(encoder, precision);
    return;
  }
  BertEncoder merged = encoder.shared();
  merged.merge_lora();
  state_ = std::make_unique<State>(merged, precision);
}

InferenceEncoder::~InferenceEncoder() = default;
InferenceEncoder::InferenceEncoder(InferenceEncoder&&) noexcept = default;
InferenceEncoder& InferenceEncoder::operator=(InferenceEncoder&&) noexcept = default;

Tensor InferenceEncoder::forward(const PackedBatch& batch) const {
  const EncoderConfig& config = state_->config;
  const Tensor x = at::empty({batch.num_tokens(), config.hidden_size}, at::kFloat);
  state_->embed(batch, x.data_ptr<float>());
  static thread_local Workspace space;
  for (const InferenceLayer& layer : state_->layers)
    run_layer(layer, batch, config, space, x.data_ptr<float>());
  return x;
}

}  // namespace sbert
