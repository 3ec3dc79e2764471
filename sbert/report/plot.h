#pragma once

// The parts that charts are drawn of.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sbert/report/axis.h"
#include "sbert/report/html.h"

namespace sbert {

/// The area that values are drawn on, in units of the SVG's viewBox.
struct Plot {
  double width = 420;
  double height = 260;
  double left = 50;
  double right = 22;  // room for half a label of the last tick
  double top = 28;
  double bottom = 44;
  Axis x_axis;
  Axis y_axis;

  double x(double value) const { return left + x_axis.share(value) * (width - left - right); }
  double y(double value) const {
    return height - bottom - y_axis.share(value) * (height - top - bottom);
  }

  /// "x,y" of a point, to a tenth of a unit.
  std::string at(double x_value, double y_value) const;
  /// Grid lines, tick labels and the names of both axes.
  std::string axes(std::string_view x_label, std::string_view y_label) const;
};

/// "s3": the class of a series' colour.
std::string colour_class(std::size_t series);

/// A mark around (x, y) whose shape goes with the colour: a circle, square, triangle, ...
std::string mark(std::size_t series, double x, double y, double size);

enum class LegendMark { kLine, kDots, kArea, kBar, kPoint };

struct LegendEntry {
  Label label;
  LegendMark mark;
};

/// What each colour means; nothing for one series alone.
std::string legend(const std::vector<LegendEntry>& entries);
std::string legend(const std::vector<Label>& names, LegendMark kind);

/// A figure of a title, a legend, and the drawing of a plot.
std::string figure(const Label& title,
                   const std::string& legend,
                   const Plot& plot,
                   const std::string& drawing);

}  // namespace sbert
