#pragma once

#include <functional>
#include <span>
#include <vector>

#include "sbert/base/stop_token.h"

namespace sbert {

/// Returns the value at x and writes the gradient.
using Objective = std::function<double(std::span<const double> x, std::span<double> gradient)>;

struct LbfgsOptions {
  int max_iterations = 1'000;
  double tolerance = 1e-6;  ///< ends when no component of the gradient is larger
  int memory = 10;          ///< steps that the curvature is learned from
};

struct LbfgsResult {
  std::vector<double> x;
  double value = 0;
  int iterations = 0;
  bool has_converged = false;
};

/// Finds a minimum of a smooth function by limited-memory BFGS (Liu and Nocedal, Mathematical
/// Programming 45, 1989); each step satisfies the weak Wolfe conditions (line search by bisection:
/// Lewis and Overton, Mathematical Programming 141, 2013).
///
/// @param start where to begin
/// @throws Error(kInput) if the value at the start is not finite, Error(kCancelled) when a stop is
///         asked for
LbfgsResult minimize(const Objective& objective,
                     std::vector<double> start,
                     const LbfgsOptions& options,
                     const StopToken& stop);

}  // namespace sbert
