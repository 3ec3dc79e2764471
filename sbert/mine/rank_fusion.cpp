#include "sbert/mine/rank_fusion.h"

#include <algorithm>
#include <map>

namespace sbert {

std::vector<Hit> fuse_ranks(std::span<const Hit> a, std::span<const Hit> b, std::int64_t k) {
  constexpr double kRankConstant = 60;
  std::map<std::int64_t, double> scores;
  for (const auto ranking : {a, b}) {
    for (std::size_t i = 0; i < ranking.size(); ++i)
      scores[ranking[i].row] += 1 / (kRankConstant + 1 + static_cast<double>(i));
  }
  std::vector<Hit> fused;
  for (const auto& [row, score] : scores)
    fused.push_back({row, static_cast<float>(score)});
  std::stable_sort(fused.begin(), fused.end(),
                   [](const Hit& x, const Hit& y) { return x.score > y.score; });
  fused.resize(std::min(fused.size(), static_cast<std::size_t>(k)));
  return fused;
}

}  // namespace sbert
