#include "sbert/report/chart.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>

#include "sbert/report/test_xml.h"

namespace sbert {
namespace {

using testing::HasSubstr;
using testing::Not;

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t number = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++number;
  return number;
}

// Where the line of the n-th series goes: the d of its path.
std::string path(const std::string& chart, std::size_t number = 0) {
  const std::string start =
      "<g class=\"s" + std::to_string(number) + "\"><path class=\"line\" d=\"";
  const std::size_t begin = chart.find(start) + start.size();
  return chart.substr(begin, chart.find('"', begin) - begin);
}

TEST(LineChart, DrawsALineThroughItsPoints) {
  const std::string chart = line_chart({.title = "Recall",
                                        .x_label = "k",
                                        .y_label = "recall",
                                        .series = {{"a", {{0, 0}, {5, 1}, {10, 0.5}}}}});
  EXPECT_EQ(xml_problem(chart), "");
  // The plot is from x 50 to 398 and, downwards, from y 28 to 216.
  EXPECT_EQ(path(chart), "M50,216L224,28L398,122");
  EXPECT_THAT(chart, HasSubstr("<figcaption>Recall</figcaption>"));
  EXPECT_THAT(chart, HasSubstr(">k</text>"));
  EXPECT_THAT(chart, HasSubstr(">recall</text>"));
  EXPECT_THAT(chart, Not(HasSubstr("class=\"legend\"")));
}

TEST(LineChart, SeveralSeriesHaveALegendAndTheirOwnColours) {
  const std::string chart =
      line_chart({.title = "t", .series = {{"one", {{0, 1}}}, {"two", {{1, 2}}}}});
  EXPECT_EQ(xml_problem(chart), "");
  EXPECT_THAT(chart, HasSubstr("</svg>one</li>"));
  EXPECT_THAT(chart, HasSubstr("</svg>two</li>"));
  EXPECT_THAT(chart, HasSubstr("<g class=\"s1\">"));
}

TEST(LineChart, AValueThatIsNotFiniteIsAGap) {
  const double nan = std::nan("");
  const std::string chart =
      line_chart({.title = "t", .series = {{"a", {{0, 0}, {1, 1}, {2, nan}, {3, 1}, {4, 0}}}}});
  EXPECT_EQ(count(path(chart), "M"), 2U);
  EXPECT_THAT(chart, Not(HasSubstr("nan")));
}

TEST(LineChart, WithoutAPointThereIsNone) {
  EXPECT_EQ(line_chart({.title = "t"}), "");
  EXPECT_EQ(line_chart({.title = "t", .series = {{"a", {}}}}), "");
  EXPECT_EQ(
      line_chart({.title = "t", .series = {{"a", {{0, std::numeric_limits<double>::infinity()}}}}}),
      "");
}

TEST(LineChart, ALongLineKeepsItsPeaks) {
  Series series{"a", {}};
  for (int i = 0; i < 100'000; ++i)
    series.points.push_back({static_cast<double>(i), i == 70'007 ? 10.0 : std::sin(i) / 10});
  const std::string chart = line_chart({.title = "t", .series = {series}});
  const std::string line = chart.substr(chart.find("<g class=\"s0 dense\">"));
  EXPECT_LE(count(line, "L"), kMaxPoints);
  EXPECT_GE(count(line, "L"), kMaxPoints / 2);
  EXPECT_THAT(line, HasSubstr(",28"));  // the top of the plot
  EXPECT_LT(chart.size(), 20'000U);
}

TEST(LineChart, ALogarithmicAxisHasEqualDecades) {
  const std::string chart =
      line_chart({.title = "t", .series = {{"a", {{1, 0}, {10, 1}, {100, 0}}}}, .is_log_x = true});
  EXPECT_EQ(path(chart), "M50,216L224,28L398,216");
}

TEST(LineChart, NamesAreEscaped) {
  const std::string nasty = "<script>\"&'";
  const std::string chart = line_chart({.title = nasty,
                                        .x_label = nasty,
                                        .y_label = nasty,
                                        .series = {{nasty, {{0, 1}}}, {nasty, {{0, 1}}}}});
  EXPECT_EQ(xml_problem(chart), "");
  EXPECT_THAT(chart, Not(HasSubstr("<script")));
}

TEST(Histogram, SharesAreOfEachSeriesOwnTotal) {
  const std::string chart =
      histogram("t", "score", {{"few", {0.5}}, {"many", std::vector<double>(50, 0.5)}});
  EXPECT_EQ(xml_problem(chart), "");
  EXPECT_THAT(chart, HasSubstr("few (1)"));
  EXPECT_THAT(chart, HasSubstr("many (50)"));
  EXPECT_THAT(chart, HasSubstr(">100</text>"));
  EXPECT_THAT(chart, HasSubstr(">share, %</text>"));
  const std::size_t first = chart.find("class=\"area\" d=\"", chart.find("role=\"img\""));
  const std::size_t second = chart.find("class=\"area\" d=\"", first + 1);
  EXPECT_EQ(chart.substr(first, 700), chart.substr(second, 700));
}

TEST(Histogram, LeavesOutWhatIsNotFinite) {
  EXPECT_EQ(histogram("t", "x", {{"a", {std::nan("")}}, {"b", {}}}), "");
  EXPECT_THAT(histogram("t", "x", {{"a", {std::nan(""), 1, 0}}, {"b", {}}}), HasSubstr("a (2)"));
}

TEST(Scatter, HasOneScaleBothWaysAndDifferentMarks) {
  const std::string chart =
      scatter("t", "one", "two", {{"a", {{0, 0}, {10, 0}}}, {"b", {{0, 1}}}, {"c", {{5, 5}}}});
  EXPECT_EQ(xml_problem(chart), "");
  EXPECT_THAT(chart, HasSubstr("viewBox=\"0 0 460 380\""));
  EXPECT_EQ(count(chart.substr(chart.find("role=\"img\"")), "<circle"), 2U);
  EXPECT_EQ(scatter("t", "one", "two", {{"a", {}}}), "");
}

TEST(Scatter, PointsInOnePlaceAreDrawn) {
  const std::string chart = scatter("t", "one", "two", {{"a", {{1, 1}, {1, 1}}}});
  EXPECT_EQ(xml_problem(chart), "");
  EXPECT_THAT(chart, Not(HasSubstr("nan")));
  EXPECT_THAT(chart, HasSubstr("<circle cx=\"244\" cy=\"182\""));
}

TEST(ShareBar, PartsFollowEachOther) {
  const std::string bar = share_bar("time", {{"data", 0.25}, {"gradient", 0.75}});
  EXPECT_EQ(xml_problem(bar), "");
  EXPECT_THAT(bar, HasSubstr("x=\"2.0\" y=\"4\" width=\"104.0\""));
  EXPECT_THAT(bar, HasSubstr("x=\"106.0\" y=\"4\" width=\"312.0\""));
  EXPECT_THAT(bar, HasSubstr("gradient 75.0 %"));
  EXPECT_EQ(share_bar("time", {}), "");
}

}  // namespace
}  // namespace sbert
