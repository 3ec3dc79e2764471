#include "sbert/nn/transformer_layer.h"

#include <ATen/ATen.h>

#include "sbert/nn/activate.h"
#include "sbert/nn/dropout.h"
#include "sbert/nn/packed_attention.h"

namespace sbert {
namespace {

constexpr int kOwnDropoutSites = 3;  // attention weights, and the output of each half

}  // namespace

Tensor LayerNorm::operator()(const Tensor& x) const {
  const auto type = x.scalar_type();  // sums are float32 in any
  return at::layer_norm(x, weight.sizes(), weight.to(type),
                        bias.defined() ? bias.to(type) : Tensor(), epsilon);
}

Tensor TransformerLayer::forward(const Tensor& x,
                                 const Sequences& sequences,
                                 const TrainingRecipe& recipe,
                                 DropoutSites& sites) const {
  // What a half adds to the residual stream, in the stream's type.
  const auto residual = [&](const Tensor& y) {
    return dropout(y.to(x.scalar_type()), sites.next(recipe.dropout.hidden));
  };
  const ComputePrecision precision = recipe.precision;
  const Tensor projected = qkv(x, precision, sites);  // [T, 3 * A * D]
  const Tensor context = packed_attention(projected, sequences, spec.attention.num_heads,
                                          sites.next(recipe.dropout.attention));  // [T, A * D]
  const Tensor middle = attention_norm(x + residual(attention_output(context, precision, sites)));
  const Tensor wide =
      activate(spec.feed_forward.activation, up(middle, precision, sites));  // [T, F]
  return feed_forward_norm(middle + residual(down(wide, precision, sites)));
}

int TransformerLayer::num_dropout_sites() const {
  int count = kOwnDropoutSites;
  visit_adapters(*this, [&](const LoraAdapter&) { ++count; });
  return count;
}

}  // namespace sbert
