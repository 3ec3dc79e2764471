#include "sbert/nn/transformer_layer.h"

#include <ATen/ATen.h>

#include "sbert/nn/dropout.h"
#include "sbert/nn/packed_attention.h"

namespace sbert {
namespace {

constexpr int kOwnDropoutSites = 3;  // attention weights, and the output of each half

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

}  // namespace

LayerNorm::LayerNorm(std::int64_t size, double eps)
    : weight(at::zeros({size})), bias(at::zeros({size})), epsilon(eps) {}

Tensor LayerNorm::operator()(const Tensor& x) const {
  const auto type = x.scalar_type();  // sums are float32 in any
  return at::layer_norm(x, weight.sizes(), weight.to(type), bias.to(type), epsilon);
}

EncoderLayer::EncoderLayer(const EncoderConfig& c)
    : qkv(3 * c.hidden_size, c.hidden_size),
      attention_output(c.hidden_size, c.hidden_size),
      attention_norm(c.hidden_size, c.layernorm_epsilon),
      intermediate(c.ffn_hidden_size, c.hidden_size),
      output(c.hidden_size, c.ffn_hidden_size),
      output_norm(c.hidden_size, c.layernorm_epsilon) {}

Tensor EncoderLayer::forward(const Tensor& x,
                             const Sequences& sequences,
                             const EncoderConfig& config,
                             ComputePrecision precision,
                             DropoutSites& sites) const {
  // What a half adds to the residual stream, in the stream's type.
  const auto residual = [&](const Tensor& y) {
    return dropout(y.to(x.scalar_type()), sites.next(config.hidden_dropout));
  };
  const Tensor projected = qkv(x, precision, sites);  // [T, 3H]
  const Tensor context = packed_attention(projected, sequences, config.num_attention_heads,
                                          sites.next(config.attention_dropout));
  const Tensor middle = attention_norm(x + residual(attention_output(context, precision, sites)));
  const Tensor wide =
      activate(config.activation, intermediate(middle, precision, sites));  // [T, F]
  return output_norm(middle + residual(output(wide, precision, sites)));
}

int EncoderLayer::num_dropout_sites() const {
  std::size_t count = kOwnDropoutSites;
  for (const Linear* part : {&qkv, &attention_output, &intermediate, &output})
    count += part->adapters.size();
  return static_cast<int>(count);
}

}  // namespace sbert
