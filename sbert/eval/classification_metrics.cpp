#include "sbert/eval/classification_metrics.h"

#include <map>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

void check_lengths(std::size_t expected, std::size_t predicted) {
  if (expected != predicted || expected == 0) {
    fail(ErrorKind::kInternal, concat("labels: ", expected, ", predictions: ", predicted));
  }
}

}  // namespace

double accuracy(std::span<const std::int64_t> expected, std::span<const std::int64_t> predicted) {
  check_lengths(expected.size(), predicted.size());
  double right = 0;
  for (std::size_t i = 0; i < expected.size(); ++i)
    right += expected[i] == predicted[i] ? 1 : 0;
  return right / static_cast<double>(expected.size());
}

double macro_f1(std::span<const std::int64_t> expected, std::span<const std::int64_t> predicted) {
  check_lengths(expected.size(), predicted.size());
  struct Counts {
    double right = 0;
    double all = 0;  // expected and predicted
  };
  std::map<std::int64_t, Counts> classes;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    classes[expected[i]].all += 1;
    classes[predicted[i]].all += 1;
    if (expected[i] == predicted[i]) classes[expected[i]].right += 1;
  }
  double sum = 0;
  for (const auto& [label, counts] : classes)
    sum += 2 * counts.right / counts.all;
  return sum / static_cast<double>(classes.size());
}

}  // namespace sbert
