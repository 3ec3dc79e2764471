#include "sbert/run/validation.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "sbert/base/concat.h"
#include "sbert/eval/role_embedder.h"
#include "sbert/eval/tasks.h"
#include "sbert/run/metric_names.h"
#include "sbert/train/training_batch.h"

namespace sbert {
namespace {

constexpr std::int64_t kCutoff = 10;

struct EmbeddedRows {
  Tensor questions;               // [N, D]
  Tensor positives;               // [N, D]
  std::vector<Tensor> negatives;  // [N] of [n, D]
};

// Shares the memory of `matrix`.
Tensor as_tensor(FloatMatrix& matrix) {
  return at::from_blob(matrix.values.data(), {matrix.rows, matrix.columns}, at::kFloat);
}

// On the device of the learner.
EmbeddedRows embed_rows(const TextEmbedder& embedder,
                        const std::vector<TrainingTexts>& rows,
                        const EmbedCall& call,
                        const c10::Device& device) {
  std::vector<std::string> texts;
  for (const TrainingTexts& row : rows)
    texts.push_back(row.question);
  for (const TrainingTexts& row : rows)
    texts.push_back(row.positive);
  for (const TrainingTexts& row : rows)
    texts.insert(texts.end(), row.negatives.begin(), row.negatives.end());
  FloatMatrix matrix = embedder.embed(texts, call);
  const Tensor all = as_tensor(matrix).to(device, at::kFloat, false, /*copy=*/true);
  const auto size = static_cast<std::int64_t>(rows.size());
  EmbeddedRows result{all.slice(0, 0, size), all.slice(0, size, 2 * size), {}};
  std::int64_t next = 2 * size;
  for (const TrainingTexts& row : rows) {
    const auto count = static_cast<std::int64_t>(row.negatives.size());
    result.negatives.push_back(all.slice(0, next, next + count));
    next += count;
  }
  return result;
}

double mean_loss(const EmbeddedRows& embedded,
                 const std::vector<TrainingTexts>& rows,
                 std::ptrdiff_t micro_batch_size,
                 const Loss& loss) {
  double sum = 0;
  std::int64_t batches = 0;
  const auto size = static_cast<std::ptrdiff_t>(rows.size());
  for (std::ptrdiff_t start = 0; start < size; start += micro_batch_size) {
    const std::ptrdiff_t end = std::min(size, start + micro_batch_size);
    const auto& negatives = embedded.negatives;
    sum += loss.compute({.questions = embedded.questions.slice(0, start, end),
                         .positives = embedded.positives.slice(0, start, end),
                         .negatives = at::cat(std::vector<Tensor>(negatives.begin() + start,
                                                                  negatives.begin() + end)),
                         .targets = loss_targets({rows.begin() + start, rows.begin() + end})})
               .item<double>();
    ++batches;
  }
  return sum / static_cast<double>(batches);
}

// The rank of each question's positive, from 1.
Tensor positive_ranks(const EmbeddedRows& rows) {                                 // [N] float64
  const Tensor documents = at::cat({rows.positives, at::cat(rows.negatives)});    // [N + M, D]
  const Tensor own = (rows.questions * rows.positives).sum(1, /*keepdim=*/true);  // [N, 1]
  constexpr double kSameScore = 1e-6;  // the product and the sum round differently
  const Tensor scores = rows.questions.mm(documents.t());  // [N, N + M]
  return ((scores > own + kSameScore).sum(1) + 1).to(at::kDouble);
}

}  // namespace

Metrics run_evaluators(const TextEmbedder& embedder,
                       const TrainOptions& options,
                       const ComputeContext& context) {
  // The line of progress on the terminal is the training run's.
  const RoleOptions roles{.max_length = options.model.encoder_seq_length, .shows_progress = false};
  Metrics metrics;
  for (const EvaluatorOptions& each : options.trainer.evaluators) {
    const RoleEmbedder source(embedder, roles, context);
    const Evaluation evaluation = run_task(each.task, each.data, source, {.split = each.split});
    for (const auto& [name, value] : evaluation.metrics)
      metrics.push_back({concat(each.label(), '/', name), value});
  }
  return metrics;
}

Metrics validate(const TextEmbedder& embedder,
                 const Learner& learner,
                 const TrainingData& data,
                 const TrainOptions& options,
                 const ComputeContext& context) {
  const std::int64_t micro_batch_size = options.model.micro_batch_size;
  const std::int64_t limit = options.trainer.limit_val_batches * micro_batch_size;
  std::vector<TrainingTexts> texts;
  for (std::int64_t i = 0; i < std::min(limit, data.num_validation_rows()); ++i) {
    texts.push_back(data.validation_row(i));
  }
  const at::NoGradGuard no_grad;
  const EmbedCall call{.max_length = options.model.encoder_seq_length, .stop = context.stop};
  const EmbeddedRows rows = embed_rows(embedder, texts, call, learner.device());
  const Tensor ranks = positive_ranks(rows);
  const Tensor is_found = ranks <= kCutoff;
  const auto mean_of_found = [&](const Tensor& gains) {
    return gains.masked_fill(is_found.logical_not(), 0).mean().item<double>();
  };
  const std::array values{mean_loss(rows, texts, micro_batch_size, learner.loss()),
                          (ranks == 1).to(at::kDouble).mean().item<double>(),
                          mean_of_found(ranks.reciprocal()),
                          mean_of_found((ranks + 1).log2().reciprocal())};
  Metrics metrics;
  for (std::size_t i = 0; i < kValidationMetrics.size(); ++i)
    metrics.push_back({std::string(kValidationMetrics.at(i)), values.at(i)});
  return metrics;
}

}  // namespace sbert
