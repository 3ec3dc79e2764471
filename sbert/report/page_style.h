#pragma once

#include <string_view>

namespace sbert {

/// The style sheet of every page. Colours s0 to s7 are told apart with the common forms of colour
/// blindness (after Okabe and Ito, Color Universal Design, 2008), on light and on dark ground.
extern const std::string_view kPageStyle;

/// Sorts a table by the column whose name is clicked.
extern const std::string_view kPageScript;

}  // namespace sbert
