#include "sbert/eval/logistic_regression.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/eval/lbfgs.h"
#include "sbert/kernels/inference_kernels.h"

namespace sbert {
namespace {

// Rows whose scores are in memory at a time, a thread.
constexpr std::int64_t kBlockRows = 512;
// Blocks whose gradients are in memory at a time. They are added up in their order.
constexpr std::int64_t kRoundBlocks = 32;

// [N, D] as [D, N].
std::vector<float> transposed(MatrixView rows) {
  constexpr std::int64_t kTile = 32;
  std::vector<float> columns(static_cast<std::size_t>(rows.rows * rows.columns));
  for (std::int64_t first = 0; first < rows.rows; first += kTile) {
    const std::int64_t end = std::min(first + kTile, rows.rows);
    for (std::int64_t j = 0; j < rows.columns; ++j) {
      float* to = columns.data() + j * rows.rows;
      for (std::int64_t i = first; i < end; ++i)
        to[i] = rows.values[i * rows.columns + j];
    }
  }
  return columns;
}

// The weights of K classes without their biases, [K, D], and the biases, [K].
struct Classifier {
  Classifier(std::span<const double> weights, std::int64_t classes, std::int64_t features) {
    for (std::int64_t k = 0; k < classes; ++k) {
      const double* row = weights.data() + k * (features + 1);
      slopes.insert(slopes.end(), row, row + features);
      biases.push_back(row[features]);
    }
  }

  std::vector<double> slopes;
  std::vector<double> biases;
};

// The scores of n rows that are the columns of `x`, rows of which are `stride` apart: [K, n].
std::vector<double> scores_of(const Classifier& classifier,
                              const float* x,
                              std::int64_t stride,
                              std::int64_t n) {
  std::vector<double> scores;
  for (const double bias : classifier.biases)
    scores.insert(scores.end(), static_cast<std::size_t>(n), bias);
  const auto classes = static_cast<std::int64_t>(classifier.biases.size());
  inference_kernels().multiply_doubles(
      {.a = classifier.slopes.data(),
       .b = x,
       .b_stride = stride,
       .m = classes,
       .n = n,
       .k = static_cast<std::int64_t>(classifier.slopes.size()) / classes,
       .c = scores.data()});
  return scores;
}

// A part of the loss, and its slope over weights and biases as Classifier holds them.
struct LossPart {
  double loss = 0;
  std::vector<double> slopes;
  std::vector<double> biases;
};

class MeanLoss {
 public:
  MeanLoss(const FloatMatrix& rows,
           std::span<const std::int64_t> labels,
           std::int64_t classes,
           double inverse_penalty,
           const ComputeContext& context)
      : rows_(rows),
        columns_(transposed(rows)),
        labels_(labels),
        classes_(classes),
        // Two classes have one vector of weights in scikit-learn. Here it is the difference of two
        // opposite ones, whose squares sum up to half of its square.
        penalty_((classes == 2 ? 2 : 1) / inverse_penalty),
        context_(context) {}

  double operator()(std::span<const double> weights, std::span<double> gradient) const {
    const Classifier classifier(weights, classes_, rows_.columns);
    double loss = penalize(weights, gradient);
    const std::int64_t blocks = (rows_.rows + kBlockRows - 1) / kBlockRows;
    for (std::int64_t first = 0; first < blocks; first += kRoundBlocks) {
      std::vector<LossPart> parts(static_cast<std::size_t>(std::min(kRoundBlocks, blocks - first)));
      context_.pool.for_each(
          parts.size(),
          [&](std::size_t i) {
            const std::int64_t begin = (first + static_cast<std::int64_t>(i)) * kBlockRows;
            parts[i] = loss_of(classifier, begin, std::min(kBlockRows, rows_.rows - begin));
          },
          context_.stop);
      for (const LossPart& part : parts)
        add(part, loss, gradient);
    }
    const auto count = static_cast<double>(rows_.rows);
    for (double& value : gradient)
      value /= count;
    return loss / count;
  }

 private:
  // Writes the penalty's gradient.
  double penalize(std::span<const double> weights, std::span<double> gradient) const {
    const auto width = static_cast<std::size_t>(rows_.columns) + 1;
    double loss = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const bool is_bias = i % width == width - 1;
      gradient[i] = is_bias ? 0 : penalty_ * weights[i];
      loss += gradient[i] * weights[i] / 2;
    }
    return loss;
  }

  // Of n rows from `begin` on.
  LossPart loss_of(const Classifier& classifier, std::int64_t begin, std::int64_t n) const {
    LossPart part{.slopes = std::vector<double>(classifier.slopes.size()), .biases = {}};
    std::vector<double> scores =
        scores_of(classifier, columns_.data() + begin, rows_.rows, n);  // [K, n]
    part.loss = become_slopes(
        scores, labels_.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(n)));
    for (std::int64_t k = 0; k < classes_; ++k) {
      const double* slopes = scores.data() + k * n;
      double sum = 0;
      for (std::int64_t i = 0; i < n; ++i)
        sum += slopes[i];
      part.biases.push_back(sum);
    }
    inference_kernels().multiply_doubles({.a = scores.data(),
                                          .b = rows_.values + begin * rows_.columns,
                                          .b_stride = rows_.columns,
                                          .m = classes_,
                                          .n = rows_.columns,
                                          .k = n,
                                          .c = part.slopes.data()});
    return part;
  }

  // Turns the scores [K, n] of rows with these labels into the slope of their cross entropies, of
  // which it returns the sum.
  double become_slopes(std::vector<double>& scores, std::span<const std::int64_t> labels) const {
    const std::size_t n = labels.size();
    const auto classes = static_cast<std::size_t>(classes_);
    double loss = 0;
    for (std::size_t i = 0; i < n; ++i) {
      double* score = scores.data() + i;
      double largest = score[0];
      for (std::size_t k = 1; k < classes; ++k)
        largest = std::max(largest, score[k * n]);
      const auto label = static_cast<std::size_t>(labels[i]);
      const double of_label = score[label * n] - largest;
      double sum = 0;
      for (std::size_t k = 0; k < classes; ++k) {
        score[k * n] = std::exp(score[k * n] - largest);
        sum += score[k * n];
      }
      for (std::size_t k = 0; k < classes; ++k)
        score[k * n] /= sum;
      score[label * n] -= 1;
      loss += std::log(sum) - of_label;
    }
    return loss;
  }

  void add(const LossPart& part, double& loss, std::span<double> gradient) const {
    const auto width = static_cast<std::size_t>(rows_.columns) + 1;
    loss += part.loss;
    for (std::size_t k = 0; k < part.biases.size(); ++k) {
      double* to = gradient.data() + k * width;
      const double* from = part.slopes.data() + k * (width - 1);
      for (std::size_t j = 0; j + 1 < width; ++j)
        to[j] += from[j];
      to[width - 1] += part.biases[k];
    }
  }

  MatrixView rows_;             // [N, D]
  std::vector<float> columns_;  // [D, N] the same
  std::span<const std::int64_t> labels_;
  std::int64_t classes_;
  double penalty_;
  const ComputeContext& context_;
};

// The first class with the highest of the scores [classes, rows] of a row.
std::int64_t best_class(const std::vector<double>& scores,
                        std::int64_t classes,
                        std::int64_t rows,
                        std::int64_t row) {
  std::int64_t best = 0;
  for (std::int64_t k = 1; k < classes; ++k) {
    if (scores[static_cast<std::size_t>(k * rows + row)] >
        scores[static_cast<std::size_t>(best * rows + row)]) {
      best = k;
    }
  }
  return best;
}

}  // namespace

std::vector<std::int64_t> LogisticRegression::predict(const FloatMatrix& rows) const {
  if (rows.columns != features) {
    fail(ErrorKind::kInternal, concat("rows of ", rows.columns, " features, not ", features));
  }
  const Classifier classifier(weights, classes, features);
  std::vector<std::int64_t> predicted;
  for (std::int64_t begin = 0; begin < rows.rows; begin += kBlockRows) {
    const std::int64_t n = std::min(kBlockRows, rows.rows - begin);
    const std::vector<float> columns = transposed(MatrixView(rows).part(begin, n));
    const std::vector<double> scores = scores_of(classifier, columns.data(), n, n);  // [K, n]
    for (std::int64_t i = 0; i < n; ++i)
      predicted.push_back(best_class(scores, classes, n, i));
  }
  return predicted;
}

LogisticRegression fit_logistic_regression(const FloatMatrix& rows,
                                           std::span<const std::int64_t> labels,
                                           std::int64_t classes,
                                           const LogisticRegressionOptions& options,
                                           const ComputeContext& context) {
  if (classes < 2) fail(ErrorKind::kInput, concat("at least two classes are needed: ", classes));
  if (static_cast<std::int64_t>(labels.size()) != rows.rows ||
      std::any_of(labels.begin(), labels.end(),
                  [&](std::int64_t label) { return label < 0 || label >= classes; })) {
    fail(ErrorKind::kInternal, "labels do not fit the rows and classes");
  }
  const MeanLoss loss(rows, labels, classes, options.inverse_penalty, context);
  LbfgsResult found = minimize(
      std::cref(loss), std::vector<double>(static_cast<std::size_t>(classes * (rows.columns + 1))),
      {.max_iterations = options.max_iterations, .tolerance = options.tolerance}, context.stop);
  return {.classes = classes,
          .features = rows.columns,
          .weights = std::move(found.x),
          .has_converged = found.has_converged};
}

}  // namespace sbert
