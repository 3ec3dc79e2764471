#pragma once

#include <string>
#include <string_view>

namespace sbert {

/// A text as it stands in HTML or SVG, between tags or in a quoted attribute: & < > " ' are written
/// as entities; bytes that are not UTF-8, and control characters that XML does not know, as U+FFFD.
std::string escaped(std::string_view text);

/// A value of a metric with four digits after the point, and a real minus; "-" if it is no number.
std::string metric_text(double value);
/// The same with its sign: a difference.
std::string difference_text(double value);

/// A number for a label, as short as it can be said: 12,000; 0.25; 2e-5.
std::string short_number(double value);

}  // namespace sbert
