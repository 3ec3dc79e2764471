#include "sbert/report/axis.h"

#include <algorithm>
#include <cmath>

namespace sbert {
namespace {

// The round number (1, 2 or 5 times a power of ten) nearest above a share of the range.
double round_step(double range, int num_ticks) {
  const double raw = range / num_ticks;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (raw <= factor * power * (1 + 1e-9)) return factor * power;
  }
  return 10 * power;
}

}  // namespace

double Axis::share(double value) const {
  if (is_log) return std::log(value / low) / std::log(high / low);
  return (value - low) / (high - low);
}

Axis linear_axis(double low, double high, int num_ticks) {
  // Below this a range is rounding, and its ticks would all read the same.
  const double least_range = 1e-9 * std::max(std::abs(low), std::abs(high));
  if (!(high - low > least_range)) {
    const double margin = low == 0 ? 0.5 : std::abs(low) / 2;
    low -= margin;
    high += margin;
  }
  const double step = round_step(high - low, num_ticks);
  const double first = std::floor(low / step + 1e-9);
  const double last = std::ceil(high / step - 1e-9);
  Axis axis{.low = first * step, .high = last * step};
  for (double i = first; i <= last; ++i)
    axis.ticks.push_back(i == 0 ? 0 : i * step);
  return axis;
}

Axis log_axis(double low, double high) {
  Axis axis{.low = low, .high = high > low ? high : 10 * low, .is_log = true};
  const double decades = std::log10(axis.high / axis.low);
  for (double power = std::pow(10, std::floor(std::log10(low))); power <= axis.high * (1 + 1e-9);
       power *= 10) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      if (factor > 1 && decades > 2.5) continue;
      const double tick = factor * power;
      if (tick >= axis.low * (1 - 1e-9) && tick <= axis.high * (1 + 1e-9))
        axis.ticks.push_back(tick);
    }
  }
  return axis;
}

}  // namespace sbert
