#include "sbert/loss/contrastive.h"

#include <cmath>
#include <limits>

#include <ATen/ATen.h>

#include "sbert/loss/false_negatives.h"
#include "sbert/loss/known_positives.h"
#include "sbert/loss/loss_inputs.h"
#include "sbert/loss/pair_similarity.h"

namespace sbert {
namespace {

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

Tensor count(std::int64_t first,
             std::int64_t size,
             const LossBatch& batch) {  // first, first + 1, ...
  return at::arange(first, first + size,
                    batch.questions.options().dtype(at::kLong).requires_grad(false));
}

Tensor of_part(const Tensor& rows, const LossBatch& batch) {
  return rows.narrow(0, batch.first_of_part(), batch.size_of_part());
}

// The scores of the part's questions with their own hard negatives. [b, H]
Tensor own_negative_scores(const LossBatch& batch, const Tensor& places) {
  const Tensor questions = batch.questions.index_select(0, negative_owners(batch));  // [N, D]
  return by_question(pair_dots(questions, batch.negatives), places);
}

// Of the b questions of the part.
ScoreTable score_documents(const LossBatch& batch, const LossOptions& options) {
  const Tensor questions = of_part(batch.questions, batch);
  const std::int64_t size = batch.questions.size(0);
  const std::int64_t total = batch.negatives.size(0);
  const Tensor own = count(batch.first_of_part(), batch.size_of_part(), batch);  // [b]
  if (options.share_hard_negatives) {
    const Tensor documents = at::cat({batch.positives, batch.negatives});  // [B + N, D]
    return {questions.mm(documents.t()), count(0, size + total, batch).unsqueeze(0), own, own};
  }
  ScoreTable table;
  if (options.in_batch_negatives) {
    table = {questions.mm(batch.positives.t()), count(0, size, batch).unsqueeze(0), own,
             own};  // [b, B]
  } else {
    table = {pair_dots(questions, of_part(batch.positives, batch)).unsqueeze(1), own.unsqueeze(1),
             own, at::zeros_like(own)};  // [b, 1]
  }
  if (total > 0) {
    const Tensor places = of_part(negative_places(batch), batch);  // [b, H]
    const Tensor negatives = at::where(places < 0, places, places + size);
    table.documents = at::cat({table.documents.expand_as(table.scores), negatives}, 1);
    table.scores = at::cat({table.scores, own_negative_scores(batch, places)}, 1);
  }
  return table;
}

// The other way round: of the part's positives with all questions. A question stands here for its
// positive: column j is document j. [b, B]
ScoreTable score_questions(const LossBatch& batch) {
  const Tensor own = count(batch.first_of_part(), batch.size_of_part(), batch);
  return {of_part(batch.positives, batch).mm(batch.questions.t()),
          count(0, batch.questions.size(0), batch).unsqueeze(0), own, own};
}

class ContrastiveLoss : public Loss {
 public:
  explicit ContrastiveLoss(const LossOptions& options) : options_(options) {
    if (options.learn_temperature) {
      log_scale_ = at::full({}, -std::log(options.temperature), at::kFloat).requires_grad_(true);
    }
  }

  Tensor compute(const LossBatch& batch) const override {
    check_shapes(batch);
    ScoreTable table = clamped(score_documents(batch, options_));
    if (options_.mask_known_positives) table.known = known_of_questions(batch);
    Tensor to_documents = documents_entropy(table, batch);
    if (!options_.symmetric) return to_documents;
    ScoreTable transposed = clamped(score_questions(batch));
    if (options_.mask_known_positives) transposed.known = known_of_positives(batch);
    const Tensor is_left_out = left_out(transposed, batch.targets, options_);
    return (to_documents + cross_entropy(transposed.scores, is_left_out, transposed, batch)) / 2;
  }

  bool has_parts() const override { return true; }

  NamedTensors parameters() const override {
    if (!log_scale_.defined()) return {};
    return {{"log_scale", log_scale_}};
  }

 private:
  Tensor scaled(const Tensor& scores) const {
    if (!log_scale_.defined()) return scores / options_.temperature;
    return scores * log_scale_.to(scores.options().requires_grad(false)).exp();
  }

  ScoreTable clamped(ScoreTable table) const {
    if (options_.clamp) table.scores = table.scores.clamp(-1, 1);
    return table;
  }

  // Of the questions with the documents of the batch and of its memory.
  Tensor documents_entropy(const ScoreTable& table, const LossBatch& batch) const {
    const Tensor is_left_out = left_out(table, batch.targets, options_);
    if (batch.memory.size() == 0) return cross_entropy(table.scores, is_left_out, table, batch);
    Tensor scores =
        of_part(batch.questions, batch).mm(batch.memory.documents.t());  // [b, its size]
    if (options_.clamp) scores = scores.clamp(-1, 1);
    const Tensor is_out_of_memory = left_out_of_memory(scores, table, batch, options_);
    return cross_entropy(at::cat({table.scores, scores}, 1),
                         at::cat({is_left_out, is_out_of_memory}, 1), table, batch);
  }

  // The rows' share of the mean over the batch. The scores may have more columns than the table, at
  // the end. [b, M]
  Tensor cross_entropy(const Tensor& scores,
                       const Tensor& is_left_out,
                       const ScoreTable& table,
                       const LossBatch& batch) const {
    const auto size = static_cast<double>(batch.questions.size(0));
    // Filled after scaling: infinity times a scale would have no gradient.
    const Tensor log_shares =
        scaled(scores).masked_fill(is_left_out, kMinusInfinity).log_softmax(1);
    const Tensor of_own = of_own_pair(log_shares, table);  // [B]
    const double smoothing = options_.label_smoothing;
    if (smoothing == 0) return -of_own.sum() / size;

    const Tensor num_documents = is_left_out.logical_not().sum(1).to(log_shares.scalar_type());
    const Tensor of_all = log_shares.masked_fill(is_left_out, 0).sum(1) / num_documents;  // [B]
    return -((1 - smoothing) * of_own + smoothing * of_all).sum() / size;
  }

  LossOptions options_;
  Tensor log_scale_;  // [] or undefined
};

}  // namespace

std::unique_ptr<Loss> make_contrastive_loss(const LossOptions& options) {
  return std::make_unique<ContrastiveLoss>(options);
}

}  // namespace sbert
