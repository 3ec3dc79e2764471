#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace sbert {

// Checks of a configured value. Each throws Error(kUsage) naming the key, what would be right and
// what was given.

void check_at_least(std::string_view key, std::int64_t value, std::int64_t least);
/// least <= value < below, so no NaN.
void check_in_range(std::string_view key, double value, double least, double below);
void check_one_of(std::string_view key,
                  const std::string& value,
                  std::initializer_list<const char*> known);

}  // namespace sbert
