#pragma once

#include <cstddef>
#include <string_view>

namespace sbert {

/// Fewest insertions, deletions, substitutions and swaps of neighbours that make one text of the
/// other (optimal string alignment).
std::size_t edit_distance(std::string_view from, std::string_view to);

}  // namespace sbert
