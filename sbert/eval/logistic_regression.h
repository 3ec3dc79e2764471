#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sbert/base/matrix.h"
#include "sbert/base/worker_pool.h"

namespace sbert {

struct LogisticRegressionOptions {
  double inverse_penalty = 1;  ///< scikit-learn's C: the higher, the closer the fit
  int max_iterations = 1'000;
  double tolerance = 1e-5;  ///< of the mean gradient's largest component
};

/// A linear classifier of K classes.
struct LogisticRegression {
  std::int64_t classes = 0;   ///< K
  std::int64_t features = 0;  ///< D
  /// [K, D + 1]: for each class the weights of the features, then the bias.
  std::vector<double> weights;
  bool has_converged = false;

  /// The class with the highest score for each row.
  /// @param rows [N, D]
  /// @return     [N]
  std::vector<std::int64_t> predict(const FloatMatrix& rows) const;
};

/// Fits the classifier that scikit-learn's LogisticRegression does with the same C: the least sum
/// of the rows' cross entropies plus |W|^2 / (2 C), the bias left out of the penalty. Sums are in
/// double, and the same on any number of threads.
///
/// @param rows    [N, D]
/// @param labels  [N] from 0 to classes - 1
/// @throws Error(kInput) if there are fewer than two classes, Error(kCancelled) when a stop is
///         asked for
LogisticRegression fit_logistic_regression(const FloatMatrix& rows,
                                           std::span<const std::int64_t> labels,
                                           std::int64_t classes,
                                           const LogisticRegressionOptions& options,
                                           const ComputeContext& context);

}  // namespace sbert
