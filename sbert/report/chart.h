#pragma once

// Charts as figures of HTML with an inline SVG. Colours come from the page's style sheet by the
// classes s0 to s7; lines also differ by their dashes and points by their shape.

#include <cstdint>
#include <string>
#include <vector>

#include "sbert/base/curve.h"
#include "sbert/report/html.h"

namespace sbert {

/// Colours there are; a series beyond them takes the last one, a grey.
inline constexpr std::size_t kNumColours = 8;

/// A line of a chart. A y that is not finite leaves a gap.
struct Series {
  std::string name;
  std::vector<CurvePoint> points;
  std::string whole_name{};  ///< what the name is short for; empty: nothing
  bool is_of_dots = false;   ///< each point for itself, without a line
};

struct LineChart {
  std::string title;
  std::string x_label;  ///< with its unit
  std::string y_label;
  std::vector<Series> series;
  bool is_log_x = false;    ///< for x above 0
  bool has_zero_y = false;  ///< the y axis begins at 0
};

/// Points of a line at most: of more, the lowest and the highest of each stretch are drawn.
inline constexpr std::size_t kMaxPoints = 600;
/// Dots of a series at most: of more, some at equal distances are drawn.
inline constexpr std::size_t kMaxDots = 10'000;

/// A figure; an empty text if no series has a point that is finite.
std::string line_chart(const LineChart& chart);

struct HistogramSeries {
  std::string name;
  std::vector<double> values;  ///< those that are not finite are left out
};

/// How values spread: a step line a series over common bins, each by its own total.
std::string histogram(const Label& title,
                      const std::string& x_label,
                      const std::vector<HistogramSeries>& series);

struct ScatterGroup {
  std::string name;
  std::vector<CurvePoint> points;
};

/// Points on a plane of one scale both ways, for maps.
std::string scatter(const Label& title,
                    const std::string& x_label,
                    const std::string& y_label,
                    const std::vector<ScatterGroup>& groups);

struct Share {
  std::string name;
  double value = 0;  ///< a part of 1
};

/// Parts of a whole as one bar.
std::string share_bar(const std::string& title, const std::vector<Share>& shares);

}  // namespace sbert
