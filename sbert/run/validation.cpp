#include "sbert/run/validation.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/data/example_pool.h"
#include "sbert/eval/retrieval_task.h"
#include "sbert/eval/role_embedder.h"
#include "sbert/eval/tasks.h"
#include "sbert/run/metric_names.h"
#include "sbert/run/validation_embedder.h"
#include "sbert/train/training_batch.h"

namespace sbert {
namespace {

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
EmbeddedRows embed_rows(ValidationEmbedder& embedder,
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
  FloatMatrix matrix = embedder.remember(texts, call);
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

// Of the rows from `first` up to `end`, a global batch.
double batch_loss(const EmbeddedRows& embedded,
                  const std::vector<TrainingTexts>& rows,
                  std::ptrdiff_t first,
                  std::ptrdiff_t end,
                  const Loss& loss) {
  const auto& negatives = embedded.negatives;
  return loss
      .compute({.questions = embedded.questions.slice(0, first, end),
                .positives = embedded.positives.slice(0, first, end),
                .negatives = at::cat(
                    std::vector<Tensor>(negatives.begin() + first, negatives.begin() + end)),
                .targets = loss_targets({rows.begin() + first, rows.begin() + end})})
      .item<double>();
}

double mean_loss(const EmbeddedRows& embedded,
                 const std::vector<TrainingTexts>& rows,
                 const ModelOptions& options,
                 const Loss& loss) {
  double sum = 0;
  std::ptrdiff_t measured = 0;
  for (std::ptrdiff_t first = 0; first < std::ssize(rows); first += options.global_batch_size) {
    const std::ptrdiff_t end = std::min(std::ssize(rows), first + options.global_batch_size);
    const bool has_negatives =
        std::any_of(rows.begin() + first, rows.begin() + end,
                    [](const TrainingTexts& row) { return !row.negatives.empty(); });
    if (options.loss.needs_negatives() && !has_negatives) continue;
    sum += batch_loss(embedded, rows, first, end, loss) * static_cast<double>(end - first);
    measured += end - first;
  }
  if (measured == 0) {
    fail(ErrorKind::kUsage,
         concat("model.loss.name=", enum_name(options.loss.name),
                " needs hard negatives, and no validation row has any; validate on rows with "
                "neg_doc, or on none: model.data.evaluation_sample_size=0"));
  }
  return sum / static_cast<double>(measured);
}

// As the model reads them, but for the prefixes, which the model's prompts are.
RetrievalData validation_pool(const TrainingData& data,
                              std::int64_t rows,
                              const ModelOptions& options) {
  ExamplePool pool;
  for (std::int64_t i = 0; i < rows; ++i)
    pool.add(data.validation_example(i));
  RetrievalData found = pool.take();
  for (std::vector<std::string>* texts : {&found.queries, &found.documents}) {
    for (std::string& text : *texts)
      text = text_without_prefix(text, options);
  }
  return found;
}

Metrics ranking_metrics(const RoleEmbedder& source, const RetrievalData& pool) {
  constexpr std::string_view kPrefix = "val_";
  const Metrics all = evaluate_retrieval(source, pool, {.cutoffs = {1, 10}}).metrics;
  Metrics wanted;
  for (const std::string_view name : kRankingMetrics) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& metric) {
      return metric.first == name.substr(kPrefix.size());
    });
    wanted.emplace_back(name, found->second);
  }
  return wanted;
}

// The line of progress on the terminal is the training run's.
RoleOptions role_options(const TrainOptions& options) {
  return {.max_length = options.model.encoder_seq_length, .shows_progress = false};
}

}  // namespace

std::int64_t num_measured_rows(const TrainingData& data, const TrainOptions& options) {
  const std::int64_t rows = data.num_validation_rows();
  const std::int64_t size = options.model.global_batch_size;
  const std::int64_t batches = (rows + size - 1) / size;
  return std::min(rows, std::min(batches, options.trainer.num_val_batches(batches)) * size);
}

Metrics run_evaluators(const TextEmbedder& embedder,
                       const TrainOptions& options,
                       const ComputeContext& context) {
  Metrics metrics;
  const std::vector<EvaluatorOptions>& evaluators = options.trainer.evaluators;
  for (std::size_t i = 0; i < evaluators.size(); ++i) {
    const EvaluatorOptions& each = evaluators[i];
    const RoleEmbedder source(embedder, role_options(options), context);
    const Evaluation evaluation = within(concat("trainer.evaluators[", i, "]"), [&] {
      return run_task(each.task, each.data, source, {.split = each.split});
    });
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
  std::vector<TrainingTexts> texts;
  const std::int64_t size = num_measured_rows(data, options);
  for (std::int64_t i = 0; i < size; ++i)
    texts.push_back(data.validation_row(i));
  const at::NoGradGuard no_grad;
  const EmbedCall call{.max_length = options.model.encoder_seq_length, .stop = context.stop};
  ValidationEmbedder source(embedder);
  const EmbeddedRows rows = embed_rows(source, texts, call, learner.device());
  Metrics metrics{
      {std::string(kLossMetric), mean_loss(rows, texts, options.model, learner.loss())}};
  const Metrics ranking = ranking_metrics(RoleEmbedder(source, role_options(options), context),
                                          validation_pool(data, size, options.model));
  metrics.insert(metrics.end(), ranking.begin(), ranking.end());
  return metrics;
}

}  // namespace sbert
