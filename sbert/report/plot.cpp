#include "sbert/report/plot.h"

#include <algorithm>
#include <cmath>

#include "sbert/base/concat.h"
#include "sbert/report/chart.h"
#include "sbert/report/html.h"

namespace sbert {
namespace {

std::string length(double value) {
  std::string text = fixed(value, 1);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

// Ticks whose labels would touch are thinned out: a label takes some seven units a character.
std::size_t tick_stride(const Plot& plot) {
  constexpr double kCharacter = 7;
  constexpr double kSpace = 10;
  std::size_t longest = 1;
  for (const double tick : plot.x_axis.ticks)
    longest = std::max(longest, short_number(tick).size());
  const double wanted = static_cast<double>(plot.x_axis.ticks.size()) *
                        (static_cast<double>(longest) * kCharacter + kSpace);
  const double there = plot.width - plot.left - plot.right;
  return static_cast<std::size_t>(std::max(1.0, std::ceil(wanted / there)));
}

}  // namespace

std::string Plot::at(double x_value, double y_value) const {
  return concat(length(x(x_value)), ',', length(y(y_value)));
}

std::string Plot::axes(std::string_view x_label, std::string_view y_label) const {
  const std::string x_end = length(width - right);
  const std::string floor = length(height - bottom);
  std::string out;
  for (const double tick : y_axis.ticks) {
    const std::string at = length(y(tick));
    out += concat("<line class=\"grid\" x1=\"", length(left), "\" x2=\"", x_end, "\" y1=\"", at,
                  "\" y2=\"", at, "\"/><text class=\"tick\" text-anchor=\"end\" x=\"",
                  length(left - 7), "\" y=\"", length(y(tick) + 4), "\">", short_number(tick),
                  "</text>\n");
  }
  const std::size_t stride = tick_stride(*this);
  for (std::size_t i = 0; i < x_axis.ticks.size(); i += stride) {
    const std::string at = length(x(x_axis.ticks[i]));
    out += concat("<line class=\"axis\" x1=\"", at, "\" x2=\"", at, "\" y1=\"", floor, "\" y2=\"",
                  length(height - bottom + 4),
                  "\"/><text class=\"tick\" text-anchor=\"middle\" x=\"", at, "\" y=\"",
                  length(height - bottom + 18), "\">", short_number(x_axis.ticks[i]), "</text>\n");
  }
  out += concat("<line class=\"axis\" x1=\"", length(left), "\" x2=\"", x_end, "\" y1=\"", floor,
                "\" y2=\"", floor, "\"/>\n<text class=\"label\" text-anchor=\"end\" x=\"", x_end,
                "\" y=\"", length(height - 6), "\">", escaped(x_label),
                "</text><text class=\"label\" x=\"2\" y=\"13\">", escaped(y_label), "</text>\n");
  return out;
}

std::string colour_class(std::size_t series) {
  return concat('s', std::min(series, kNumColours - 1));
}

std::string mark(std::size_t series, double x, double y, double size) {
  const auto point = [&](double dx, double dy) {
    return concat(length(x + dx * size), ',', length(y + dy * size));
  };
  switch (series % 4) {
    case 1:
      return concat("<path d=\"M", point(-0.9, -0.9), 'H', length(x + 0.9 * size), 'V',
                    length(y + 0.9 * size), 'H', length(x - 0.9 * size), "Z\"/>");
    case 2:
      return concat("<path d=\"M", point(0, -1.2), 'L', point(1.1, 0.8), 'L', point(-1.1, 0.8),
                    "Z\"/>");
    case 3:
      return concat("<path d=\"M", point(0, -1.25), 'L', point(1.25, 0), 'L', point(0, 1.25), 'L',
                    point(-1.25, 0), "Z\"/>");
    default:
      return concat("<circle cx=\"", length(x), "\" cy=\"", length(y), "\" r=\"", length(size),
                    "\"/>");
  }
}

std::string legend(const std::vector<Label>& names, LegendMark kind) {
  std::vector<LegendEntry> entries;
  for (const Label& name : names)
    entries.push_back({name, kind});
  return legend(entries);
}

std::string legend(const std::vector<LegendEntry>& entries) {
  if (entries.size() < 2) return "";
  std::string out = "<ul class=\"legend\">";
  for (std::size_t i = 0; i < entries.size(); ++i) {
    out += concat("<li><svg class=\"", colour_class(i),
                  "\" viewBox=\"0 0 24 12\" width=\"24\" height=\"12\" aria-hidden=\"true\">");
    switch (entries[i].mark) {
      case LegendMark::kLine:
        out += "<path class=\"line\" d=\"M1,6H23\"/>";
        break;
      case LegendMark::kDots:
        out += "<path class=\"dots\" d=\"M3,8h0M9,4h0M15,8h0M21,5h0\"/>";
        break;
      case LegendMark::kArea:
        out += "<path class=\"area\" d=\"M2,1H22V11H2Z\"/>";
        break;
      case LegendMark::kBar:
        out += "<path class=\"bar\" d=\"M2,1H22V11H2Z\"/>";
        break;
      case LegendMark::kPoint:
        out += concat("<g class=\"points\">", mark(i, 12, 6, 4), "</g>");
        break;
    }
    out += concat("</svg>", label_html(entries[i].label), "</li>");
  }
  return out + "</ul>\n";
}

std::string figure(const Label& title,
                   const std::string& legend,
                   const Plot& plot,
                   const std::string& drawing) {
  return concat("<figure>\n<figcaption>", label_html(title), "</figcaption>\n", legend,
                "<svg class=\"chart\" viewBox=\"0 0 ", length(plot.width), ' ', length(plot.height),
                "\" role=\"img\" aria-label=\"", escaped(title.text), "\">\n", drawing,
                "</svg>\n</figure>\n");
}

}  // namespace sbert
