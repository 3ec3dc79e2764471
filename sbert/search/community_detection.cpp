#include "sbert/search/community_detection.h"

#include <algorithm>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/search/row_products.h"
#include "sbert/search/similarity.h"

namespace sbert {
namespace {

// Scores that are computed in one go, 256 MB.
constexpr std::int64_t kBlockScores = 64 << 20;

using Community = std::vector<std::int64_t>;

// The row itself, then the others that are near it, best first.
Community neighbours_of(std::int64_t row, std::span<const float> cosines, float threshold) {
  Community rows;
  for (std::size_t i = 0; i < cosines.size(); ++i) {
    if (cosines[i] >= threshold || static_cast<std::int64_t>(i) == row)
      rows.push_back(static_cast<std::int64_t>(i));
  }
  std::sort(rows.begin(), rows.end(), [&](std::int64_t a, std::int64_t b) {
    if ((a == row) != (b == row)) return a == row;
    const float cosine_a = cosines[static_cast<std::size_t>(a)];
    const float cosine_b = cosines[static_cast<std::size_t>(b)];
    return cosine_a != cosine_b ? cosine_a > cosine_b : a < b;
  });
  return rows;
}

void sort_largest_first(std::vector<Community>& communities) {
  std::stable_sort(communities.begin(), communities.end(),
                   [](const Community& a, const Community& b) { return a.size() > b.size(); });
}

// Takes from each community the rows that are in an earlier one; drops those whose center is, and
// those that get too small.
std::vector<Community> without_overlaps(std::vector<Community> communities,
                                        std::int64_t rows,
                                        std::size_t min_size) {
  std::vector<bool> is_taken(static_cast<std::size_t>(rows));
  std::vector<Community> kept;
  for (Community& community : communities) {
    if (is_taken[static_cast<std::size_t>(community.front())]) continue;
    std::erase_if(community,
                  [&](std::int64_t row) { return is_taken[static_cast<std::size_t>(row)]; });
    if (community.size() < min_size) continue;
    for (const std::int64_t row : community)
      is_taken[static_cast<std::size_t>(row)] = true;
    kept.push_back(std::move(community));
  }
  return kept;
}

}  // namespace

std::vector<std::vector<std::int64_t>> detect_communities(const FloatMatrix& embeddings,
                                                          const CommunityOptions& options,
                                                          const ComputeContext& context) {
  if (options.min_size < 1) {
    fail(ErrorKind::kUsage, concat("the least size must be at least 1: ", options.min_size));
  }
  if (!(options.threshold >= -1 && options.threshold <= 1)) {
    fail(ErrorKind::kUsage, concat("threshold must be from -1 to 1: ", options.threshold));
  }
  FloatMatrix unit = embeddings;
  normalize_rows(unit);
  const auto min_size = static_cast<std::size_t>(options.min_size);
  const auto threshold = static_cast<float>(options.threshold);

  std::vector<Community> candidates;
  const std::int64_t block =
      std::max<std::int64_t>(1, kBlockScores / std::max<std::int64_t>(1, unit.rows));
  for (std::int64_t begin = 0; begin < unit.rows; begin += block) {
    const std::int64_t end = std::min(begin + block, unit.rows);
    const FloatMatrix cosines =
        row_products(MatrixView(unit).part(begin, end - begin), unit, context);
    for (std::int64_t i = begin; i < end; ++i) {
      Community community = neighbours_of(i, cosines.row(i - begin), threshold);
      if (community.size() >= min_size) candidates.push_back(std::move(community));
    }
  }
  sort_largest_first(candidates);
  std::vector<Community> communities = without_overlaps(std::move(candidates), unit.rows, min_size);
  sort_largest_first(communities);
  return communities;
}

}  // namespace sbert
