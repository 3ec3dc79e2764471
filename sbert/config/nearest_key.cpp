#include "sbert/config/nearest_key.h"

#include <algorithm>
#include <vector>

#include "sbert/base/concat.h"

namespace sbert {
namespace {

// Longer keys are not known keys; comparing them would cost their product.
constexpr std::size_t kMaxKeyLength = 200;

// A name in another place is as far as two typing errors.
constexpr std::size_t kOtherPlaceCost = 2;

std::string_view last_name(std::string_view key) {
  return key.substr(key.rfind('.') + 1);
}

}  // namespace

std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> two_above(to.size() + 1);
  std::vector<std::size_t> above(to.size() + 1);
  std::vector<std::size_t> row(to.size() + 1);
  for (std::size_t j = 0; j <= to.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    two_above.swap(above);
    above.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t substitution = above[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, substitution});
      const bool is_swap = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
      if (is_swap) row[j] = std::min(row[j], two_above[j - 2] + 1);
    }
  }
  return row.back();
}

std::string nearest_key(std::string_view key, std::span<const std::string> candidates) {
  if (key.size() > kMaxKeyLength) return {};
  std::string nearest;
  std::size_t lowest_cost = std::max<std::size_t>(2, key.size() / 2) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kMaxKeyLength) continue;
    const std::size_t by_name =
        edit_distance(last_name(key), last_name(candidate)) + kOtherPlaceCost;
    const std::size_t cost = std::min(edit_distance(key, candidate), by_name);
    if (cost < lowest_cost) {
      lowest_cost = cost;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string unknown_key_message(std::string_view key, std::span<const std::string> candidates) {
  const std::string nearest = nearest_key(key, candidates);
  if (nearest.empty()) return concat("unknown key: ", key);
  return concat("unknown key: ", key, " (did you mean '", nearest, "'?)");
}

}  // namespace sbert
