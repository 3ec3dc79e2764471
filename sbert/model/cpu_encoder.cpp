#include "sbert/model/cpu_encoder.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/free_list.h"
#include "sbert/kernels/inference_kernels.h"
#include "sbert/kernels/product_scratch.h"
#include "sbert/model/packed_layer.h"

namespace sbert {
namespace {

using enum ParameterRole;

// Tokens that go through the second half of a layer together: a multiple of every kernel's tile,
// few enough for their widest values, [192, 4H] of a small model, to stay in the second cache.
constexpr std::int64_t kBlockTokens = 192;

// A table of embeddings as it came, float32 or not.
class EmbeddingTable {
 public:
  explicit EmbeddingTable(Weight weight)
      : weight_(std::move(weight)), rows_(weight_.shape[0]), width_(weight_.shape[1]) {
    if (weight_.type == ElementType::kFloat32) values_ = weight_.floats();
  }

  bool has_row(std::int64_t row) const { return row >= 0 && row < rows_; }
  // The row where it is, or converted in `space` [width].
  const float* row(std::int64_t row, float* space) const {
    if (values_ != nullptr) return values_ + row * width_;
    read_floats(weight_, row * width_, width_, space);
    return space;
  }

 private:
  Weight weight_;
  std::int64_t rows_;
  std::int64_t width_;
  const float* values_ = nullptr;  // of float32
};

class Buffer {
 public:
  float* get(std::int64_t size) {
    return static_cast<float*>(memory_.get(size * static_cast<std::int64_t>(sizeof(float))));
  }

 private:
  ProductScratch memory_;
};

// The memory of a forward pass, kept for the next one: fresh pages cost more than what is computed
// in them.
struct Workspace {
  Buffer qkv;      // [T, qkv_width()]
  Buffer context;  // [T, A * D]
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

// context [T, A * D] of qkv [T, qkv_width()]
void attend(const Kernels<float>& kernels,
            const PackedBatch& batch,
            const PackedLayer& layer,
            const float* qkv,
            float* context,
            Buffer& scratch) {
  const AttentionShape& shape = layer.attention;
  const std::int64_t width = layer.qkv_width();
  const std::int64_t heads_width = shape.num_heads * shape.head_dim;
  const float* keys = qkv + heads_width;
  const AttentionInput<float> input{.shape = shape,
                                    .queries = {qkv, width},
                                    .keys = {keys, width},
                                    .values = {keys + shape.num_key_heads * shape.head_dim, width},
                                    .cu_seqlens = batch.cu_seqlens.data()};
  const AttentionOutput<float> output{.context = {context, heads_width}};
  float* space = scratch.get(kernels.attention_scratch(shape.head_dim, batch.max_seqlen));
  for (std::int64_t sequence = 0; sequence < batch.num_sequences(); ++sequence) {
    for (std::int64_t head = 0; head < shape.num_heads; ++head)
      kernels.attention(input, output, {.sequence = sequence, .head = head}, space);
  }
}

// x [T, H] becomes the layer's output.
void run_layer(const InferenceKernels& kernels,
               const PackedLayer& layer,
               const PackedBatch& batch,
               std::int64_t width,
               Workspace& space,
               float* x) {
  const std::int64_t heads_width = layer.attention.num_heads * layer.attention.head_dim;
  const std::int64_t qkv_width = layer.qkv_width();
  float* qkv = space.qkv.get(batch.num_tokens() * qkv_width);
  for_each_block(batch.num_tokens(), [&](std::int64_t first, std::int64_t rows) {
    layer.qkv(x + first * width, rows, Epilogue::kNone, qkv + first * qkv_width, space.product);
  });
  float* context = space.context.get(batch.num_tokens() * heads_width);
  attend(kernels.shared, batch, layer, qkv, context, space.attention);
  float* half = space.half.get(kBlockTokens * width);
  float* wide = space.wide.get(kBlockTokens * layer.feed_forward_width);
  for_each_block(batch.num_tokens(), [&](std::int64_t first, std::int64_t rows) {
    float* stream = x + first * width;
    layer.attention_output(context + first * heads_width, rows, Epilogue::kNone, half,
                           space.product);
    kernels.add_norm_rows(stream, half, rows, layer.attention_norm.params(), stream);
    layer.up(stream, rows, layer.activation, wide, space.product);
    layer.down(wide, rows, Epilogue::kNone, half, space.product);
    kernels.add_norm_rows(stream, half, rows, layer.feed_forward_norm.params(), stream);
  });
}

std::int64_t weight_bytes(const EncoderSpec& spec,
                          ProductType type,
                          const InferenceKernels& kernels) {
  std::int64_t bytes = 0;
  for (const LayerSpec& layer : spec.layers)
    bytes += PackedLayer::weight_bytes(spec, layer, type, kernels);
  return bytes;
}

}  // namespace

std::string_view precision_name(CpuPrecision precision) {
  return precision == CpuPrecision::kInt8 ? "int8" : "32";
}

struct CpuEncoder::State {
  State(const EncoderSpec& encoder,
        ParameterSource source,
        ProductType type,
        const WorkerPool& pool,
        CpuVariant variant)
      : spec(encoder),
        kernels(inference_kernels_of(variant)),
        words(source.take(kWordEmbedding)),
        first_type(static_cast<std::size_t>(spec.width)),
        embedding_norm(source, kEmbeddingNorm, std::nullopt, spec.norm.epsilon),
        memory(weight_bytes(spec, type, kernels)) {
    if (spec.embeddings.num_positions > 0) positions.emplace(source.take(kPositionEmbedding));
    if (spec.embeddings.num_types > 0) {
      read_floats(source.take(kTypeEmbedding), 0, spec.width, first_type.data());
    }
    std::vector<std::optional<PackedLayer>> made(spec.layers.size());
    pool.for_each(made.size(), [&](std::size_t i) {
      made[i].emplace(spec, static_cast<std::int64_t>(i), source, type, memory, kernels);
    });
    layers.reserve(made.size());
    for (auto& layer : made)
      layers.push_back(std::move(*layer));
  }

  void embed(const PackedBatch& batch, Workspace& space, float* x) const {
    const LayerNormParams norm = embedding_norm.params();
    const std::vector<float> no_position(static_cast<std::size_t>(positions ? 0 : spec.width));
    float* word_space = space.half.get(kBlockTokens * spec.width);
    float* position_space = word_space + spec.width;
    for (std::size_t i = 0; i < batch.ids.size(); ++i) {
      const std::int64_t id = batch.ids[i];
      const std::int64_t position = batch.positions[i];
      if (!words.has_row(id) || (positions && !positions->has_row(position))) {
        fail(ErrorKind::kInternal,
             concat("a token's id or position is out of range: ", id, ", ", position));
      }
      const float* at = positions ? positions->row(position, position_space) : no_position.data();
      kernels.add_norm(words.row(id, word_space), at, first_type.data(), norm,
                       x + static_cast<std::int64_t>(i) * spec.width);
    }
  }

  EncoderSpec spec;
  InferenceKernels kernels;
  EmbeddingTable words;                     // [V, H]
  std::optional<EmbeddingTable> positions;  // [P, H]
  std::vector<float> first_type;            // [H], zeros if there are no types
  LayerNormWeights embedding_norm;
  WeightMemory memory;
  std::vector<PackedLayer> layers;
  FreeList<Workspace> workspaces;
};

CpuEncoder::CpuEncoder(const EncoderSpec& spec,
                       Weights weights,
                       CpuPrecision precision,
                       const WorkerPool& pool,
                       CpuVariant variant) {
  check_can_run(spec);
  const ProductType type =
      precision == CpuPrecision::kInt8 ? ProductType::kInt8 : ProductType::kFloat32;
  state_ =
      std::make_unique<State>(spec, ParameterSource(spec, std::move(weights)), type, pool, variant);
}

CpuEncoder::CpuEncoder(const EncoderSpec& spec,
                       Weights weights,
                       CpuPrecision precision,
                       const WorkerPool& pool)
    : CpuEncoder(spec, std::move(weights), precision, pool, chosen_cpu_variant()) {}

CpuEncoder::~CpuEncoder() = default;
CpuEncoder::CpuEncoder(CpuEncoder&&) noexcept = default;
CpuEncoder& CpuEncoder::operator=(CpuEncoder&&) noexcept = default;

const EncoderSpec& CpuEncoder::spec() const {
  return state_->spec;
}

void CpuEncoder::forward(const PackedBatch& batch, float* to) const {
  const auto space = state_->workspaces.take();
  state_->embed(batch, *space, to);
  for (const PackedLayer& layer : state_->layers)
    run_layer(state_->kernels, layer, batch, state_->spec.width, *space, to);
}

}  // namespace sbert
