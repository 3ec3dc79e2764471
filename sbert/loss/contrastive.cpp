#include "sbert/loss/contrastive.h"

#include <cmath>
#include <limits>

#include <ATen/ATen.h>

#include "sbert/loss/false_negatives.h"
#include "sbert/loss/loss_inputs.h"
#include "sbert/loss/pair_similarity.h"

namespace sbert {
namespace {

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

Tensor count_to(std::int64_t end, const LossBatch& batch) {  // 0, 1, ... end - 1
  return at::arange(end, batch.questions.options().dtype(at::kLong).requires_grad(false));
}

// Question i's scores with its own hard negatives. [B, H]
Tensor own_negative_scores(const LossBatch& batch, const Tensor& places) {
  const Tensor questions = batch.questions.index_select(0, negative_owners(batch));  // [N, D]
  return by_question(pair_dots(questions, batch.negatives), places);
}

ScoreTable score_documents(const LossBatch& batch, const LossOptions& options) {
  const Tensor& questions = batch.questions;
  const std::int64_t size = questions.size(0);
  const std::int64_t total = batch.negatives.size(0);
  const Tensor rows = count_to(size, batch);  // [B]
  if (options.share_hard_negatives) {
    const Tensor documents = at::cat({batch.positives, batch.negatives});  // [B + N, D]
    return {questions.mm(documents.t()), count_to(size + total, batch).unsqueeze(0), rows};
  }
  ScoreTable table;
  if (options.in_batch_negatives) {
    table = {questions.mm(batch.positives.t()), rows.unsqueeze(0), rows};  // [B, B]
  } else {
    table = {pair_dots(questions, batch.positives).unsqueeze(1), rows.unsqueeze(1),
             at::zeros_like(rows)};  // [B, 1]
  }
  if (total > 0) {
    const Tensor places = negative_places(batch);  // [B, H]
    const Tensor negatives = at::where(places < 0, places, places + size);
    table.documents = at::cat({table.documents.expand_as(table.scores), negatives}, 1);
    table.scores = at::cat({table.scores, own_negative_scores(batch, places)}, 1);
  }
  return table;
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
    if (!options_.in_batch_negatives) require_negatives(batch, "contrastive");
    ScoreTable table = score_documents(batch, options_);
    if (options_.clamp) table.scores = table.scores.clamp(-1, 1);
    const Tensor to_documents = documents_entropy(table, batch);
    if (!options_.symmetric) return to_documents;

    // A question stands here for its positive: column j is document j.
    const std::int64_t size = batch.questions.size(0);
    const ScoreTable transposed{table.scores.narrow(1, 0, size).t(), table.own_columns.unsqueeze(0),
                                table.own_columns};
    const Tensor is_left_out = left_out(transposed, batch.targets, options_);
    return (to_documents + cross_entropy(transposed.scores, is_left_out, transposed)) / 2;
  }

  NamedTensors parameters() const override {
    if (!log_scale_.defined()) return {};
    return {{"log_scale", log_scale_}};
  }

 private:
  Tensor scaled(const Tensor& scores) const {
    if (!log_scale_.defined()) return scores / options_.temperature;
    return scores * log_scale_.to(scores.options().requires_grad(false)).exp();
  }

  // Of the questions with the documents of the batch and of its memory.
  Tensor documents_entropy(const ScoreTable& table, const LossBatch& batch) const {
    const Tensor is_left_out = left_out(table, batch.targets, options_);
    if (batch.memory.size() == 0) return cross_entropy(table.scores, is_left_out, table);
    Tensor scores = batch.questions.mm(batch.memory.documents.t());  // [B, size of the memory]
    if (options_.clamp) scores = scores.clamp(-1, 1);
    const Tensor is_out_of_memory =
        left_out_of_memory(scores, of_own_pair(table.scores, table), batch, options_);
    return cross_entropy(at::cat({table.scores, scores}, 1),
                         at::cat({is_left_out, is_out_of_memory}, 1), table);
  }

  // Mean over the rows. The scores may have more columns than the table, at the end. [B, M]
  Tensor cross_entropy(const Tensor& scores,
                       const Tensor& is_left_out,
                       const ScoreTable& table) const {
    // Filled after scaling: infinity times a scale would have no gradient.
    const Tensor log_shares =
        scaled(scores).masked_fill(is_left_out, kMinusInfinity).log_softmax(1);
    const Tensor of_own = of_own_pair(log_shares, table);  // [B]
    const double smoothing = options_.label_smoothing;
    if (smoothing == 0) return -of_own.mean();

    const Tensor num_documents = is_left_out.logical_not().sum(1).to(log_shares.scalar_type());
    const Tensor of_all = log_shares.masked_fill(is_left_out, 0).sum(1) / num_documents;  // [B]
    return -((1 - smoothing) * of_own + smoothing * of_all).mean();
  }

  LossOptions options_;
  Tensor log_scale_;  // [] or undefined
};

}  // namespace

std::unique_ptr<Loss> make_contrastive_loss(const LossOptions& options) {
  return std::make_unique<ContrastiveLoss>(options);
}

}  // namespace sbert
