#include "sbert/loss/distillation.h"

#include <limits>

#include <ATen/ATen.h>

#include "sbert/loss/loss_inputs.h"
#include "sbert/loss/pair_similarity.h"

namespace sbert {
namespace {

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

struct ModelScores {
  Tensor positives;  // [B]
  Tensor negatives;  // [N]
};

ModelScores model_scores(const LossBatch& batch, const Tensor& owners) {
  return {pair_dots(batch.questions, batch.positives),
          pair_dots(batch.questions.index_select(0, owners), batch.negatives)};
}

class MarginMseLoss : public Loss {
 public:
  Tensor compute(const LossBatch& batch) const override {
    check_shapes(batch);
    if (batch.negatives.size(0) == 0) return zero_loss(batch);
    const TeacherScores teacher = teacher_scores(batch, "margin_mse");
    const Tensor owners = negative_owners(batch);  // [N]
    const ModelScores model = model_scores(batch, owners);
    return at::mse_loss(model.positives.index_select(0, owners) - model.negatives,
                        teacher.positives.index_select(0, owners) - teacher.negatives);
  }
};

class DistillKlLoss : public Loss {
 public:
  DistillKlLoss(double temperature, double teacher_temperature)
      : temperature_(temperature), teacher_temperature_(teacher_temperature) {}

  Tensor compute(const LossBatch& batch) const override {
    check_shapes(batch);
    if (batch.negatives.size(0) == 0) return zero_loss(batch);
    const TeacherScores teacher = teacher_scores(batch, "distill_kl");
    const ModelScores model = model_scores(batch, negative_owners(batch));
    const Tensor places = negative_places(batch);                      // [B, H]
    const Tensor is_absent = at::constant_pad_nd(places < 0, {1, 0});  // [B, 1 + H]
    const auto log_shares = [&](const Tensor& positives, const Tensor& negatives, double divisor) {
      const Tensor scores =
          at::cat({positives.unsqueeze(1), by_question(negatives, places)}, 1) / divisor;
      return scores.masked_fill(is_absent, kMinusInfinity).log_softmax(1);  // [B, 1 + H]
    };
    const Tensor of_teacher =
        log_shares(teacher.positives, teacher.negatives, teacher_temperature_);
    const Tensor of_model = log_shares(model.positives, model.negatives, temperature_);
    const Tensor differences = (of_teacher - of_model).masked_fill(is_absent, 0);
    const Tensor divergences = (of_teacher.exp() * differences).sum(1);  // [B]
    return divergences.mean() * (temperature_ * temperature_);
  }

 private:
  double temperature_;
  double teacher_temperature_;
};

}  // namespace

std::unique_ptr<Loss> make_margin_mse_loss() {
  return std::make_unique<MarginMseLoss>();
}

std::unique_ptr<Loss> make_distill_kl_loss(double temperature, double teacher_temperature) {
  return std::make_unique<DistillKlLoss>(temperature, teacher_temperature);
}

}  // namespace sbert
