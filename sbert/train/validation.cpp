#include "sbert/train/validation.h"

#include <algorithm>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "sbert/embed/embedder.h"

namespace sbert {
namespace {

constexpr std::int64_t kCutoff = 10;

struct EmbeddedRows {
  Tensor questions;                           // [N, D]
  Tensor positives;                           // [N, D]
  Tensor negatives;                           // [M, D] of row 0, of row 1, ...
  std::vector<std::int64_t> negative_counts;  // [N]
};

// Shares the memory of `matrix`.
Tensor as_tensor(FloatMatrix& matrix) {
  return at::from_blob(matrix.values.data(), {matrix.rows, matrix.columns}, at::kFloat);
}

EmbeddedRows embed_rows(const SentenceModel& model,
                        const std::vector<TrainingTexts>& rows,
                        std::int64_t max_length) {
  std::vector<std::string> texts;
  EmbeddedRows result;
  for (const TrainingTexts& row : rows)
    texts.push_back(row.question);
  for (const TrainingTexts& row : rows)
    texts.push_back(row.positive);
  for (const TrainingTexts& row : rows) {
    texts.insert(texts.end(), row.negatives.begin(), row.negatives.end());
    result.negative_counts.push_back(static_cast<std::int64_t>(row.negatives.size()));
  }
  FloatMatrix matrix = embed_texts(model, texts, {.max_length = max_length});
  const Tensor all = as_tensor(matrix).clone();
  const auto size = static_cast<std::int64_t>(rows.size());
  result.questions = all.slice(0, 0, size);
  result.positives = all.slice(0, size, 2 * size);
  result.negatives = all.slice(0, 2 * size);
  return result;
}

double mean_loss(const EmbeddedRows& rows,
                 std::int64_t micro_batch_size,
                 const ContrastiveOptions& options) {
  const std::int64_t size = rows.questions.size(0);
  double sum = 0;
  std::int64_t batches = 0;
  std::int64_t first_negative = 0;
  for (std::int64_t start = 0; start < size; start += micro_batch_size) {
    const std::int64_t end = std::min(size, start + micro_batch_size);
    const std::vector<std::int64_t> counts(rows.negative_counts.begin() + start,
                                           rows.negative_counts.begin() + end);
    std::int64_t last_negative = first_negative;
    for (const std::int64_t count : counts)
      last_negative += count;
    sum +=
        contrastive_loss(rows.questions.slice(0, start, end), rows.positives.slice(0, start, end),
                         rows.negatives.slice(0, first_negative, last_negative), counts, options)
            .item<double>();
    first_negative = last_negative;
    ++batches;
  }
  return sum / static_cast<double>(batches);
}

// A document that scores as high as the positive, such as the same text, does not push it down.
double mean_reciprocal_rank(const EmbeddedRows& rows) {
  const Tensor documents = at::cat({rows.positives, rows.negatives});             // [N + M, D]
  const Tensor own = (rows.questions * rows.positives).sum(1, /*keepdim=*/true);  // [N, 1]
  constexpr double kSameScore = 1e-6;  // the product and the sum round differently
  const Tensor scores = rows.questions.mm(documents.t());       // [N, N + M]
  const Tensor ranks = (scores > own + kSameScore).sum(1) + 1;  // [N]
  const Tensor reciprocal = ranks.to(at::kDouble).reciprocal();
  return reciprocal.masked_fill(ranks > kCutoff, 0).mean().item<double>();
}

}  // namespace

ValidationResult validate(const SentenceModel& model,
                          const TrainingData& data,
                          const TrainOptions& options) {
  const std::int64_t micro_batch_size = options.model.micro_batch_size;
  const std::int64_t limit = options.trainer.limit_val_batches * micro_batch_size;
  std::vector<TrainingTexts> texts;
  for (std::int64_t i = 0; i < std::min(limit, data.num_validation_rows()); ++i) {
    texts.push_back(data.validation_row(i));
  }
  const at::NoGradGuard no_grad;
  const EmbeddedRows rows = embed_rows(model, texts, options.model.encoder_seq_length);
  return {mean_loss(rows, micro_batch_size,
                    {options.model.softmax_temp, options.model.label_smoothing}),
          mean_reciprocal_rank(rows)};
}

}  // namespace sbert
