#include "sbert/loss/pair_losses.h"

#include <limits>

#include <ATen/ATen.h>

#include "sbert/loss/loss_inputs.h"
#include "sbert/loss/pair_similarity.h"

namespace sbert {
namespace {

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

// log(1 + sum of exp(scores_i - scores_j) over labels_i < labels_j). Both are [B].
Tensor ranking_loss(const Tensor& scores, const Tensor& labels) {
  const Tensor differences = scores.unsqueeze(1) - scores.unsqueeze(0);         // [B, B]
  const Tensor is_in_order = labels.unsqueeze(1).ge(labels.unsqueeze(0));       // [B, B]
  const Tensor counted = differences.masked_fill(is_in_order, kMinusInfinity);  // [B, B]
  return at::cat({scores.new_zeros({1}), counted.flatten()}).logsumexp(0);
}

class CosineLoss : public Loss {
 public:
  Tensor compute(const LossBatch& batch) const override {
    check_shapes(batch);
    const Tensor labels = similarity_labels(batch, "cosine");
    return at::mse_loss(pair_cosines(batch.questions, batch.positives), labels);
  }
};

class PairRankingLoss : public Loss {
 public:
  using Similarity = Tensor (*)(const Tensor& questions, const Tensor& positives);  // [B]

  PairRankingLoss(const char* name, Similarity similarity, double temperature)
      : name_(name), similarity_(similarity), temperature_(temperature) {}

  Tensor compute(const LossBatch& batch) const override {
    check_shapes(batch);
    const Tensor labels = similarity_labels(batch, name_);
    return ranking_loss(similarity_(batch.questions, batch.positives) / temperature_, labels);
  }

 private:
  const char* name_;  // of the loss, for messages
  Similarity similarity_;
  double temperature_;
};

}  // namespace

std::unique_ptr<Loss> make_cosine_loss() {
  return std::make_unique<CosineLoss>();
}

std::unique_ptr<Loss> make_cosent_loss(double temperature) {
  return std::make_unique<PairRankingLoss>("cosent", pair_cosines, temperature);
}

std::unique_ptr<Loss> make_angle_loss(double temperature) {
  return std::make_unique<PairRankingLoss>("angle", pair_angles, temperature);
}

}  // namespace sbert
