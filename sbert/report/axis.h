#pragma once

#include <string>
#include <vector>

namespace sbert {

/// The values along one side of a chart.
struct Axis {
  double low = 0;
  double high = 1;
  bool is_log = false;
  std::vector<double> ticks;  ///< within [low, high], ascending

  /// Where a value lies: 0 at low, 1 at high.
  double share(double value) const;
};

/// An axis over [low, high] with about `num_ticks` round values, widened to them at both ends.
/// A range of no width is widened. The bounds are finite.
Axis linear_axis(double low, double high, int num_ticks);

/// An axis whose decades are equally long; not widened. 0 < low.
Axis log_axis(double low, double high);

}  // namespace sbert
