#include "sbert/search/score_tile.h"

#include <algorithm>

namespace sbert {
namespace {

// Half a MB, so that it stays in a core's cache between the product and the selection.
constexpr ScoreTile kBest{.queries = 256, .rows = 512};
constexpr std::int64_t kLeastSide = 8;

}  // namespace

ScoreTile score_tile(std::int64_t memory_bytes, int threads) {
  if (memory_bytes <= 0) return kBest;
  const std::int64_t scores =
      memory_bytes / std::max(threads, 1) / static_cast<std::int64_t>(sizeof(float));
  ScoreTile tile = kBest;
  // The longer side is halved first: a product of long strips does less work for what it reads.
  while (tile.queries * tile.rows > scores && tile.rows > kLeastSide) {
    (tile.rows > tile.queries ? tile.rows : tile.queries) /= 2;
  }
  return tile;
}

}  // namespace sbert
