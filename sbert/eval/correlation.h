#pragma once

#include <optional>
#include <span>
#include <vector>

namespace sbert {

/// Pearson's correlation coefficient of two lists of the same length; nothing where it is not
/// defined: fewer than two values, or one list is constant.
std::optional<double> pearson_correlation(std::span<const double> a, std::span<const double> b);

/// Spearman's: Pearson's of the ranks, equal values having the average of their ranks.
std::optional<double> spearman_correlation(std::span<const double> a, std::span<const double> b);

/// Ranks from 1, ascending; equal values have the average of their ranks.
std::vector<double> average_ranks(std::span<const double> values);

}  // namespace sbert
