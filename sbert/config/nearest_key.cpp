#include "sbert/config/nearest_key.h"

#include <algorithm>

#include "sbert/base/concat.h"
#include "sbert/base/edit_distance.h"

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
