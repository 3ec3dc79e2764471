#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace sbert {

/// A text escaped for HTML or SVG, between tags or in a quoted attribute: & < > " ' are written
/// as entities; bytes that are not UTF-8, and control characters that XML does not know, as U+FFFD.
std::string escaped(std::string_view text);

/// A name, and what it is short for: that is shown where the mouse rests. Empty: for nothing.
struct Label {
  std::string text;
  std::string whole;

  Label(std::string shown, std::string long_form = "")  // NOLINT(google-explicit-constructor)
      : text(std::move(shown)), whole(std::move(long_form)) {}
  Label(const char* shown) : text(shown) {}  // NOLINT(google-explicit-constructor)
};

/// The label in HTML; a short form is of one line, and cut where there is no room.
std::string label_html(const Label& label);

/// A value of a metric with four digits after the point, and a real minus; "-" if it is not a
/// number.
std::string metric_text(double value);
/// The same with its sign: a difference.
std::string difference_text(double value);

/// A number for a label, as short as it can be said: 12,000; 0.25; 2e-5.
std::string short_number(double value);

}  // namespace sbert
