#include "sbert/search/nearest_neighbours.h"

#include <algorithm>
#include <map>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/search/topk.h"

namespace sbert {

std::vector<std::int64_t> classify_by_neighbours(const FloatMatrix& train,
                                                 std::span<const std::int64_t> labels,
                                                 const FloatMatrix& rows,
                                                 std::int64_t k,
                                                 const ComputeContext& context) {
  if (static_cast<std::int64_t>(labels.size()) != train.rows || train.rows == 0) {
    fail(ErrorKind::kInternal, concat(labels.size(), " labels for ", train.rows, " rows"));
  }
  std::vector<std::int64_t> predicted;
  for (const std::vector<Hit>& hits : exact_topk(rows, train, k, context)) {
    std::map<std::int64_t, int> votes;
    for (const Hit& hit : hits)
      ++votes[labels[static_cast<std::size_t>(hit.row)]];
    const auto winner =
        std::max_element(votes.begin(), votes.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    predicted.push_back(winner->first);
  }
  return predicted;
}

}  // namespace sbert
