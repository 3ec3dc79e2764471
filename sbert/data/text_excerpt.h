#pragma once

#include <string>
#include <string_view>

namespace sbert {

/// The beginning of a text for a message, on one line and cut between characters.
std::string excerpt(std::string_view text);

}  // namespace sbert
