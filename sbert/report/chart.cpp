#include "sbert/report/chart.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "sbert/base/concat.h"
#include "sbert/base/progress.h"
#include "sbert/report/html.h"
#include "sbert/report/plot.h"

namespace sbert {
namespace {

constexpr int kTicks = 5;
constexpr int kMapTicks = 8;
constexpr std::size_t kMaxMarkedPoints = 40;  // a line of more has no marks
constexpr std::size_t kDensePoints = 150;     // a line of more is drawn thin
constexpr double kMarkSize = 2.6;

bool is_finite(const CurvePoint& point) {
  return std::isfinite(point.x) && std::isfinite(point.y);
}

// The least and the greatest of some values.
struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool is_empty() const { return low > high; }
};

std::vector<CurvePoint> thinned(const std::vector<CurvePoint>& points) {
  if (points.size() <= kMaxPoints) return points;
  const std::size_t stretches = kMaxPoints / 2;
  const auto is_lower = [](const CurvePoint& a, const CurvePoint& b) { return a.y < b.y; };
  std::vector<CurvePoint> kept;
  for (std::size_t i = 0; i < stretches; ++i) {
    const auto begin = points.begin() + static_cast<std::ptrdiff_t>(points.size() * i / stretches);
    const auto end =
        points.begin() + static_cast<std::ptrdiff_t>(points.size() * (i + 1) / stretches);
    // A gap stays one: comparisons with a NaN would hide it.
    const auto gap = std::find_if_not(begin, end, is_finite);
    if (gap != end) {
      kept.push_back(*gap);
      continue;
    }
    auto [low, high] = std::minmax_element(begin, end, is_lower);
    if (high < low) std::swap(low, high);
    kept.push_back(*low);
    if (high != low) kept.push_back(*high);
  }
  return kept;
}

// A line of no length is a dot as wide as the line.
std::string dots(const Plot& plot, const Series& series, std::size_t number) {
  const std::size_t size = series.points.size();
  const std::size_t count = std::min(size, kMaxDots);
  std::string path;
  for (std::size_t i = 0; i < count; ++i) {
    const CurvePoint& point = series.points[i * size / count];
    if (is_finite(point)) path += concat('M', plot.at(point.x, point.y), "h0");
  }
  return concat("<g class=\"", colour_class(number), "\"><path class=\"dots\" d=\"", path,
                "\"/></g>\n");
}

std::string line(const Plot& plot, const Series& series, std::size_t number) {
  const std::vector<CurvePoint> points = thinned(series.points);
  std::string path;
  std::string marks;
  bool is_drawing = false;
  for (const CurvePoint& point : points) {
    if (is_finite(point)) {
      path += concat(is_drawing ? 'L' : 'M', plot.at(point.x, point.y));
      if (points.size() <= kMaxMarkedPoints) {
        marks += concat("<g><title>", escaped(series.name), ": ", short_number(point.y), " at ",
                        short_number(point.x), "</title>",
                        mark(number, plot.x(point.x), plot.y(point.y), kMarkSize), "</g>");
      }
    }
    is_drawing = is_finite(point);
  }
  const char* const dense = points.size() > kDensePoints ? " dense" : "";
  return concat("<g class=\"", colour_class(number), dense, "\"><path class=\"line\" d=\"", path,
                "\"/><g class=\"points\">", marks, "</g></g>\n");
}

std::vector<LegendEntry> legend_of(const std::vector<Series>& all) {
  std::vector<LegendEntry> entries;
  for (const Series& each : all) {
    entries.push_back(
        {{each.name, each.whole_name}, each.is_of_dots ? LegendMark::kDots : LegendMark::kLine});
  }
  return entries;
}

std::vector<Label> labels_of(const std::vector<ScatterGroup>& all) {
  std::vector<Label> labels;
  for (const ScatterGroup& each : all)
    labels.emplace_back(each.name);
  return labels;
}

}  // namespace

std::string line_chart(const LineChart& chart) {
  Range xs;
  Range ys;
  for (const Series& series : chart.series) {
    for (const CurvePoint& point : series.points) {
      if (!is_finite(point)) continue;
      xs.add(point.x);
      ys.add(point.y);
    }
  }
  if (xs.is_empty()) return "";
  if (chart.has_zero_y) ys.add(0);
  Plot plot;
  plot.x_axis = chart.is_log_x && xs.low > 0 ? log_axis(xs.low, xs.high)
                                             : linear_axis(xs.low, xs.high, kTicks);
  plot.y_axis = linear_axis(ys.low, ys.high, kTicks);
  std::string drawing = plot.axes(chart.x_label, chart.y_label);
  for (const bool is_of_dots : {true, false}) {  // lines above dots
    for (std::size_t i = 0; i < chart.series.size(); ++i) {
      const Series& series = chart.series[i];
      if (series.is_of_dots != is_of_dots) continue;
      drawing += is_of_dots ? dots(plot, series, i) : line(plot, series, i);
    }
  }
  return figure(chart.title, legend(legend_of(chart.series)), plot, drawing);
}

std::string histogram(const Label& title,
                      const std::string& x_label,
                      const std::vector<HistogramSeries>& series) {
  constexpr std::size_t kBins = 40;
  Range values;
  for (const HistogramSeries& each : series) {
    for (const double value : each.values) {
      if (std::isfinite(value)) values.add(value);
    }
  }
  if (values.is_empty()) return "";
  Plot plot;
  plot.x_axis = linear_axis(values.low, values.high, kTicks);
  const double width = (plot.x_axis.high - plot.x_axis.low) / kBins;

  std::vector<std::vector<double>> shares;  // in percent
  std::vector<Label> names;
  double highest = 0;
  for (const HistogramSeries& each : series) {
    std::vector<double> bins(kBins);
    double total = 0;
    for (const double value : each.values) {
      if (!std::isfinite(value)) continue;
      const double bin = (value - plot.x_axis.low) / width;
      ++bins[std::min(static_cast<std::size_t>(std::max(bin, 0.0)), kBins - 1)];
      ++total;
    }
    for (double& bin : bins) {
      bin = total > 0 ? 100 * bin / total : 0;
      highest = std::max(highest, bin);
    }
    shares.push_back(bins);
    names.emplace_back(
        concat(each.name, " (", with_thousands(static_cast<std::int64_t>(total)), ")"));
  }
  plot.y_axis = linear_axis(0, highest, kTicks);

  std::string drawing = plot.axes(x_label, "share, %");
  for (std::size_t i = 0; i < shares.size(); ++i) {
    std::string path = "M" + plot.at(plot.x_axis.low, 0);
    for (std::size_t bin = 0; bin < kBins; ++bin) {
      const double left = plot.x_axis.low + width * static_cast<double>(bin);
      path +=
          concat('L', plot.at(left, shares[i][bin]), 'L', plot.at(left + width, shares[i][bin]));
    }
    path += concat('L', plot.at(plot.x_axis.high, 0));
    drawing += concat("<g class=\"", colour_class(i), "\"><title>", escaped(names[i].text),
                      "</title><path class=\"area\" d=\"", path, "\"/></g>\n");
  }
  return figure(title, legend(names, LegendMark::kArea), plot, drawing);
}

std::string scatter(const Label& title,
                    const std::string& x_label,
                    const std::string& y_label,
                    const std::vector<ScatterGroup>& groups) {
  Range xs;
  Range ys;
  for (const ScatterGroup& group : groups) {
    for (const CurvePoint& point : group.points) {
      if (!is_finite(point)) continue;
      xs.add(point.x);
      ys.add(point.y);
    }
  }
  if (xs.is_empty()) return "";
  Plot plot{.width = 460, .height = 380};
  // One scale both ways: the smaller range is widened around its middle.
  const double across = plot.width - plot.left - plot.right;
  const double up = plot.height - plot.top - plot.bottom;
  const double unit =
      std::max({(xs.high - xs.low) / across, (ys.high - ys.low) / up, 1e-12}) * 1.04;
  const auto around = [](const Range& range, double length) {
    const double middle = (range.low + range.high) / 2;
    Axis axis = linear_axis(middle - length / 2, middle + length / 2, kMapTicks);
    axis.low = middle - length / 2;
    axis.high = middle + length / 2;
    std::erase_if(axis.ticks, [&](double tick) { return tick < axis.low || tick > axis.high; });
    return axis;
  };
  plot.x_axis = around(xs, unit * across);
  plot.y_axis = around(ys, unit * up);

  std::string drawing = plot.axes(x_label, y_label);
  // The last group, "others", lies below.
  for (std::size_t i = groups.size(); i-- > 0;) {
    drawing += concat("<g class=\"", colour_class(i), "\"><title>", escaped(groups[i].name),
                      "</title><g class=\"points\">");
    for (const CurvePoint& point : groups[i].points) {
      if (is_finite(point)) drawing += mark(i, plot.x(point.x), plot.y(point.y), kMarkSize);
    }
    drawing += "</g></g>\n";
  }
  return figure(title, legend(labels_of(groups), LegendMark::kPoint), plot, drawing);
}

std::string share_bar(const std::string& title, const std::vector<Share>& shares) {
  constexpr double kWidth = 416;
  std::vector<Label> names;
  std::string drawing;
  double begin = 2;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const double part = std::isfinite(shares[i].value) ? std::clamp(shares[i].value, 0.0, 1.0) : 0;
    names.emplace_back(concat(shares[i].name, ' ', fixed(100 * part, 1), " %"));
    drawing += concat("<g class=\"", colour_class(i), "\"><title>", escaped(names[i].text),
                      "</title><rect class=\"bar\" x=\"", fixed(begin, 1), "\" y=\"4\" width=\"",
                      fixed(part * kWidth, 1), "\" height=\"32\"/></g>\n");
    begin += part * kWidth;
  }
  if (shares.empty()) return "";
  Plot plot{.height = 40};
  return figure(title, legend(names, LegendMark::kBar), plot, drawing);
}

}  // namespace sbert
