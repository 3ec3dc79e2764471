#include "sbert/eval/logistic_regression.h"

#include <gmock/gmock.h>

#include "sbert/base/draws.h"
#include "sbert/base/message_of.h"

namespace sbert {
namespace {

TEST(FitLogisticRegression, NeedsTwoClassesAndLabelsThatFit) {
  const WorkerPool pool(1);
  const FloatMatrix rows(2, 1);
  const std::vector<std::int64_t> labels{0, 2};
  EXPECT_EQ(
      message_of(ErrorKind::kInput, [&] { fit_logistic_regression(rows, labels, 1, {}, {pool}); }),
      "at least two classes are needed: 1");
  EXPECT_EQ(message_of(ErrorKind::kInternal,
                       [&] { fit_logistic_regression(rows, labels, 2, {}, {pool}); }),
            "labels do not fit the rows and classes");
}

// Points around a corner for each class.
FloatMatrix corners(std::int64_t rows, std::int64_t features, std::int64_t classes) {
  FloatMatrix matrix(rows, features);
  Draws draws(3);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (float& value : matrix.row(i))
      value = static_cast<float>(draws.uniform());
    matrix.row(i)[static_cast<std::size_t>(i % classes)] += 1.5F;
  }
  return matrix;
}

TEST(FitLogisticRegression, HasTheSameBitsOnAnyThreadsAndPredictsWhatItWasFittedTo) {
  const FloatMatrix rows = corners(1'700, 19, 5);
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < rows.rows; ++i)
    labels.push_back(i % 5);
  const WorkerPool one(1);
  const WorkerPool four(4);
  const LogisticRegression model = fit_logistic_regression(rows, labels, 5, {}, {one});
  EXPECT_TRUE(model.has_converged);
  EXPECT_EQ(fit_logistic_regression(rows, labels, 5, {}, {four}).weights, model.weights);
  EXPECT_EQ(model.predict(rows), labels);
  EXPECT_EQ(message_of(ErrorKind::kInternal, [&] { model.predict(FloatMatrix(1, 2)); }),
            "rows of 2 features, not 19");
}

}  // namespace
}  // namespace sbert
