#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sbert {

/// What a feed-forward layer or a Dense module of a head puts its product through.
enum class Activation { kIdentity, kGelu, kGeluTanh, kRelu, kSilu, kTanh };

enum class NormKind {
  kLayerNorm,  ///< (x - mean) / sqrt(var + epsilon) * weight + bias
  kRmsNorm,    ///< x / sqrt(mean(x^2) + epsilon) * (weight + weight_offset)
};

struct NormSpec {
  NormKind kind = NormKind::kLayerNorm;
  double epsilon = 1e-12;
  bool has_bias = true;
  double weight_offset = 0;  ///< 1 for Gemma

  bool operator==(const NormSpec&) const = default;
};

/// Where the norms of a layer are.
enum class NormOrder {
  kPost,      ///< x = norm(x + f(x)): BERT, NomicBERT
  kPre,       ///< x = x + f(norm(x)): ModernBERT, Qwen3, T5
  kSandwich,  ///< x = x + norm(f(norm(x))): Gemma 3
};

/// Rotary position embedding (Su et al., 2021).
struct RopeSpec {
  double theta = 10'000;
  double position_scale = 1;    ///< positions are divided by it ("linear" scaling)
  bool is_interleaved = false;  ///< pairs (2i, 2i + 1); else (i, i + head_dim / 2)

  bool operator==(const RopeSpec&) const = default;
};

/// What is added to the scores of a query and a key by their distance, in all layers alike.
enum class PositionBias {
  kNone,
  kBuckets,  ///< a learned number for each head and bucket of distances: MPNet, T5
  kAlibi,    ///< minus a slope of the head's own times the distance: JinaBERT
};

struct PositionBiasSpec {
  PositionBias kind = PositionBias::kNone;
  std::int64_t num_buckets = 32;
  std::int64_t max_distance = 128;

  bool operator==(const PositionBiasSpec&) const = default;
};

enum class QueryKeyNorm {
  kNone,
  kHead,   ///< queries and keys of each head are normalized: Qwen3, Gemma 3
  kWidth,  ///< all heads of a token together: JinaBERT's code variant
};

/// softmax(scale q k^T + bias) v, by heads.
struct AttentionSpec {
  std::int64_t num_heads = 12;      ///< A
  std::int64_t num_key_heads = 12;  ///< of keys and values; each serves A / num_key_heads heads
  std::int64_t head_dim = 64;       ///< D; A * D need not be the encoder's width
  double scale = 0.125;             ///< of the scores; most often 1 / sqrt(D)
  double score_cap = 0;             ///< scores become cap * tanh(score / cap); 0: they do not
  std::optional<RopeSpec> rope;
  bool is_causal = false;   ///< a token sees itself and the tokens before it
  std::int64_t window = 0;  ///< tokens that are seen on each side; 0: all
  QueryKeyNorm query_key_norm = QueryKeyNorm::kNone;
  bool has_bias = true;  ///< of queries, keys and values
  bool has_output_bias = true;

  bool operator==(const AttentionSpec&) const = default;
};

/// Feed-forward networks of which a router picks some for each token (NomicBERT 2).
struct ExpertsSpec {
  std::int64_t count = 8;
  std::int64_t used = 2;            ///< for a token
  bool normalizes_weights = false;  ///< the weights of those used sum to 1
  bool operator==(const ExpertsSpec&) const = default;
};

/// down(activation(up(x))), or gated: down(activation(gate(x)) * up(x)).
struct FeedForwardSpec {
  std::int64_t width = 3'072;  ///< F
  Activation activation = Activation::kGelu;
  bool is_gated = false;
  bool has_bias = true;  ///< of up and gate
  bool has_down_bias = true;
  std::optional<ExpertsSpec> experts;

  bool operator==(const FeedForwardSpec&) const = default;
};

struct LayerSpec {
  AttentionSpec attention;
  FeedForwardSpec feed_forward;
  bool has_attention_norm = true;  ///< ModernBERT's first layer has none

  bool operator==(const LayerSpec&) const = default;
};

struct EmbeddingSpec {
  std::int64_t vocab_size = 30'522;  ///< V
  std::int64_t width = 768;          ///< of the tables; another one than the encoder's is projected
  std::int64_t num_positions = 512;  ///< rows of the position table; 0: there is none
  std::int64_t num_types = 2;        ///< rows of the token-type table; 0: there is none
  /// Positions count from this token id's number plus 1, and the token itself is at that number:
  /// RoBERTa's rule, of ids. Without it they count from 0.
  std::optional<std::int64_t> padding_id;
  double scale = 1;  ///< of the word embeddings: sqrt(width) for Gemma
  bool has_norm = true;

  bool operator==(const EmbeddingSpec&) const = default;
};

/// Rates of the checkpoint's configuration. They are training's defaults elsewhere; here they are
/// kept to be written back.
struct DropoutRates {
  double hidden = 0.1;
  double attention = 0.1;

  bool operator==(const DropoutRates&) const = default;
};

/// The architecture of a transformer encoder: what its parameters are and what is computed with
/// them. Values only; executors run it (CpuEncoder, TorchEncoder), and refuse by the name of the
/// field what they cannot.
struct EncoderSpec {
  std::string family = "bert";  ///< model_type of config.json; of a table in checkpoint/families
  std::int64_t width = 768;     ///< H, of the residual stream
  EmbeddingSpec embeddings;
  NormSpec norm;  ///< of every norm
  NormOrder order = NormOrder::kPost;
  std::vector<LayerSpec> layers;
  PositionBiasSpec position_bias;
  bool has_final_norm = false;
  std::int64_t max_length =
      512;  ///< tokens of the longest text, special tokens counted; 0: no limit
  DropoutRates dropout;

  /// @throws Error(kInput) naming the field that is out of range, before any memory is taken for it
  void validate() const;
  bool operator==(const EncoderSpec&) const = default;
};

}  // namespace sbert
