#include "sbert/loss/softmax.h"

#include <cmath>
#include <vector>

#include <ATen/ATen.h>

#include "sbert/base/random.h"
#include "sbert/loss/loss_inputs.h"

namespace sbert {
namespace {

// Numbers in [-limit, limit), a function of the seed alone.
Tensor uniform(const std::vector<std::int64_t>& shape, double limit, std::uint64_t seed) {
  const Tensor values = at::empty(shape, at::kFloat);
  auto* out = values.data_ptr<float>();
  for (std::int64_t i = 0; i < values.numel(); ++i) {
    const double unit = static_cast<double>(derive_key(seed, i) >> 11) * 0x1p-53;  // [0, 1)
    out[i] = static_cast<float>((2 * unit - 1) * limit);
  }
  return values.requires_grad_(true);
}

class SoftmaxLoss : public Loss {
 public:
  SoftmaxLoss(std::int64_t num_labels, std::int64_t embedding_size, std::uint64_t seed)
      : num_labels_(num_labels) {
    const double limit = 1 / std::sqrt(static_cast<double>(3 * embedding_size));
    weight_ = uniform({num_labels, 3 * embedding_size}, limit, derive_key(seed, 0));
    bias_ = uniform({num_labels}, limit, derive_key(seed, 1));
  }

  Tensor compute(const LossBatch& batch) const override {
    check_shapes(batch);
    const Tensor labels = class_labels(batch, num_labels_, "softmax");
    const Tensor& u = batch.questions;
    const Tensor& v = batch.positives;
    const Tensor features = at::cat({u, v, (u - v).abs()}, 1);  // [B, 3D]
    const auto like_embeddings = u.options().requires_grad(false);
    const Tensor logits = at::linear(features, weight_.to(like_embeddings),
                                     bias_.to(like_embeddings));  // [B, num_labels]
    return at::cross_entropy_loss(logits, labels);
  }

  NamedTensors parameters() const override {
    return {{"classifier.weight", weight_}, {"classifier.bias", bias_}};
  }

 private:
  std::int64_t num_labels_;
  Tensor weight_;  // [num_labels, 3D]
  Tensor bias_;    // [num_labels]
};

}  // namespace

std::unique_ptr<Loss> make_softmax_loss(std::int64_t num_labels,
                                        std::int64_t embedding_size,
                                        std::uint64_t seed) {
  return std::make_unique<SoftmaxLoss>(num_labels, embedding_size, seed);
}

}  // namespace sbert
