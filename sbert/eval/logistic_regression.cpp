#include "sbert/eval/logistic_regression.h"

#include <algorithm>
#include <utility>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/eval/lbfgs.h"

namespace sbert {
namespace {

// Rows whose scores are in memory at a time.
constexpr std::int64_t kBlockRows = 8192;

at::Tensor doubles(std::span<const double> values, std::int64_t rows) {
  const auto columns = static_cast<std::int64_t>(values.size()) / rows;
  return at::from_blob(const_cast<double*>(values.data()), {rows, columns}, at::kDouble);
}

// Rows [begin, begin + n) with a column of ones, which the bias multiplies.
at::Tensor block_of(const FloatMatrix& rows, std::int64_t begin, std::int64_t n) {
  float* const first = const_cast<float*>(rows.values.data()) + begin * rows.columns;
  const at::Tensor block = at::from_blob(first, {n, rows.columns}, at::kFloat).to(at::kDouble);
  return at::cat({block, at::ones({n, 1}, at::kDouble)}, 1);  // [n, D + 1]
}

class MeanLoss {
 public:
  MeanLoss(const FloatMatrix& rows,
           std::span<const std::int64_t> labels,
           std::int64_t classes,
           double inverse_penalty)
      : rows_(rows), labels_(labels), classes_(classes) {
    // Two classes have one vector of weights in scikit-learn. Here it is the difference of two
    // opposite ones, whose squares sum up to half of its square.
    penalty_ = (classes == 2 ? 2 : 1) / inverse_penalty;
  }

  double operator()(std::span<const double> weights, std::span<double> gradient) const {
    const c10::InferenceMode no_gradients;
    const at::Tensor w = doubles(weights, classes_);  // [K, D + 1]
    at::Tensor slope = doubles(gradient, classes_);
    slope.copy_(w).mul_(penalty_);
    slope.select(1, rows_.columns).zero_();
    double loss = at::sum(slope * w).item<double>() / 2;
    for (std::int64_t begin = 0; begin < rows_.rows; begin += kBlockRows) {
      const std::int64_t n = std::min(kBlockRows, rows_.rows - begin);
      const at::Tensor block = block_of(rows_, begin, n);
      const at::Tensor labels =
          at::from_blob(const_cast<std::int64_t*>(labels_.data()) + begin, {n, 1}, at::kLong);
      at::Tensor scores = at::log_softmax(at::mm(block, w.t()), 1);  // [n, K]
      loss -= at::sum(scores.gather(1, labels)).item<double>();
      scores.exp_().scatter_add_(1, labels, at::full({n, 1}, -1.0, at::kDouble));
      slope.addmm_(scores.t(), block);
    }
    const double count = static_cast<double>(rows_.rows);
    slope.div_(count);
    return loss / count;
  }

 private:
  const FloatMatrix& rows_;
  std::span<const std::int64_t> labels_;
  std::int64_t classes_;
  double penalty_ = 0;
};

}  // namespace

std::vector<std::int64_t> LogisticRegression::predict(const FloatMatrix& rows) const {
  if (rows.columns != features) {
    fail(ErrorKind::kInternal, concat("rows of ", rows.columns, " features, not ", features));
  }
  const c10::InferenceMode no_gradients;
  const at::Tensor w = doubles(weights, classes);
  std::vector<std::int64_t> predicted;
  for (std::int64_t begin = 0; begin < rows.rows; begin += kBlockRows) {
    const std::int64_t n = std::min(kBlockRows, rows.rows - begin);
    const at::Tensor best = at::mm(block_of(rows, begin, n), w.t()).argmax(1);
    const auto* first = best.const_data_ptr<std::int64_t>();
    predicted.insert(predicted.end(), first, first + n);
  }
  return predicted;
}

LogisticRegression fit_logistic_regression(const FloatMatrix& rows,
                                           std::span<const std::int64_t> labels,
                                           std::int64_t classes,
                                           const LogisticRegressionOptions& options) {
  if (classes < 2) fail(ErrorKind::kInput, concat("at least two classes are needed: ", classes));
  if (static_cast<std::int64_t>(labels.size()) != rows.rows ||
      std::any_of(labels.begin(), labels.end(),
                  [&](std::int64_t label) { return label < 0 || label >= classes; })) {
    fail(ErrorKind::kInternal, "labels do not fit the rows and classes");
  }
  const MeanLoss loss(rows, labels, classes, options.inverse_penalty);
  LbfgsResult found =
      minimize(loss, std::vector<double>(static_cast<std::size_t>(classes * (rows.columns + 1))),
               {.max_iterations = options.max_iterations, .tolerance = options.tolerance});
  return {.classes = classes,
          .features = rows.columns,
          .weights = std::move(found.x),
          .has_converged = found.has_converged};
}

}  // namespace sbert
