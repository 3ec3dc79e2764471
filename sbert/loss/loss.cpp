#include "sbert/loss/loss.h"

#include <utility>

#include <ATen/core/Tensor.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/random.h"
#include "sbert/loss/contrastive.h"
#include "sbert/loss/distillation.h"
#include "sbert/loss/matryoshka.h"
#include "sbert/loss/pair_losses.h"
#include "sbert/loss/softmax.h"
#include "sbert/loss/triplet.h"

namespace sbert {
namespace {

std::unique_ptr<Loss> make_by_kind(const LossOptions& options,
                                   std::int64_t embedding_size,
                                   std::uint64_t seed) {
  switch (options.name) {
    case LossKind::kContrastive:
      return make_contrastive_loss(options);
    case LossKind::kSoftmax:
      return make_softmax_loss(options.num_labels, embedding_size, seed);
    case LossKind::kCosine:
      return make_cosine_loss();
    case LossKind::kTriplet:
      return make_triplet_loss(options.triplet_distance, options.triplet_margin);
    case LossKind::kCosent:
      return make_cosent_loss(options.temperature);
    case LossKind::kAngle:
      return make_angle_loss(options.temperature);
    case LossKind::kMarginMse:
      return make_margin_mse_loss();
    case LossKind::kDistillKl:
      return make_distill_kl_loss(options.temperature, options.teacher_temperature);
  }
  fail(ErrorKind::kInternal, "no such loss");
}

}  // namespace

std::unique_ptr<Loss> make_loss(const LossOptions& options,
                                std::int64_t embedding_size,
                                std::uint64_t seed) {
  options.validate();
  if (options.matryoshka_dims.empty()) return make_by_kind(options, embedding_size, seed);
  std::vector<MatryoshkaPart> parts;
  for (std::size_t i = 0; i < options.matryoshka_dims.size(); ++i) {
    const std::int64_t dim = options.matryoshka_dims[i];
    if (dim > embedding_size) {
      fail(ErrorKind::kUsage,
           concat("model.loss.matryoshka_dims must be at most the model's embedding size (",
                  embedding_size, "): ", dim));
    }
    const double weight = options.matryoshka_weights.empty() ? 1 : options.matryoshka_weights[i];
    parts.push_back({dim, weight, make_by_kind(options, dim, derive_key(seed, dim))});
  }
  return make_matryoshka_loss(std::move(parts));
}

}  // namespace sbert
