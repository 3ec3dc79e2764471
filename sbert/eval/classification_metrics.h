#pragma once

#include <cstdint>
#include <span>

namespace sbert {

/// The share of predictions that are right.
/// @param expected  [N] class numbers
/// @param predicted [N]
/// @throws Error(kInternal) if the lengths differ or are 0
double accuracy(std::span<const std::int64_t> expected, std::span<const std::int64_t> predicted);

/// The mean of the classes' F1, 2 * right / (expected + predicted), over the classes that are
/// expected or predicted, as scikit-learn's f1_score(average="macro").
double macro_f1(std::span<const std::int64_t> expected, std::span<const std::int64_t> predicted);

}  // namespace sbert
