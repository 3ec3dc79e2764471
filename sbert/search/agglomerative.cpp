#include "sbert/search/agglomerative.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/search/similarity.h"

namespace sbert {
namespace {

struct Merge {
  std::size_t kept = 0;
  std::size_t joined = 0;  // its group becomes part of the other's
  double distance = 0;
};

class Groups {
 public:
  Groups(const FloatMatrix& points, Linkage linkage, const StopToken& stop)
      : size_(static_cast<std::size_t>(points.rows)),
        linkage_(linkage),
        distances_(size_ * size_),
        counts_(size_, 1) {
    for (std::size_t i = 0; i < size_; ++i) {
      stop.throw_if_stopped();
      for (std::size_t j = 0; j < i; ++j) {
        const double squared = squared_distance(points.row(static_cast<std::int64_t>(i)),
                                                points.row(static_cast<std::int64_t>(j)));
        set(i, j, linkage == Linkage::kWard ? squared : std::sqrt(squared));
      }
    }
  }

  std::size_t size() const { return size_; }
  bool is_there(std::size_t i) const { return counts_[i] > 0; }
  double distance(std::size_t i, std::size_t j) const {
    return static_cast<double>(distances_[i * size_ + j]);
  }

  // The nearest group; `preferred`, if it is as near as that.
  std::size_t nearest(std::size_t i, std::size_t preferred) const {
    std::size_t best = preferred;
    for (std::size_t j = 0; j < size_; ++j) {
      if (j == i || !is_there(j)) continue;
      if (best == size_ || distance(i, j) < distance(i, best)) best = j;
    }
    return best;
  }

  // Makes one group of both, by the formulas of Lance and Williams (Computer Journal 9, 1967).
  void join(std::size_t kept, std::size_t joined) {
    const double between = distance(kept, joined);
    for (std::size_t k = 0; k < size_; ++k) {
      if (k == kept || k == joined || !is_there(k)) continue;
      set(k, kept, joined_distance(k, kept, joined, between));
    }
    counts_[kept] += counts_[joined];
    counts_[joined] = 0;
  }

 private:
  void set(std::size_t i, std::size_t j, double distance) {
    distances_[i * size_ + j] = distances_[j * size_ + i] = static_cast<float>(distance);
  }

  double joined_distance(std::size_t k, std::size_t a, std::size_t b, double between) const {
    const double to_a = distance(k, a);
    const double to_b = distance(k, b);
    const double count_a = counts_[a];
    const double count_b = counts_[b];
    switch (linkage_) {
      case Linkage::kWard:
        return ((counts_[k] + count_a) * to_a + (counts_[k] + count_b) * to_b -
                counts_[k] * between) /
               (counts_[k] + count_a + count_b);
      case Linkage::kAverage:
        return (count_a * to_a + count_b * to_b) / (count_a + count_b);
      case Linkage::kComplete:
        return std::max(to_a, to_b);
    }
    return 0;
  }

  std::size_t size_;
  Linkage linkage_;
  std::vector<float> distances_;  // of Ward's linkage the squares
  std::vector<double> counts_;    // points; 0: joined to another
};

// All merges, those of small distance not always first: each joins two groups that are each other's
// nearest, which no later merge changes.
std::vector<Merge> merge_all(Groups& groups, const StopToken& stop) {
  std::vector<Merge> merges;
  std::vector<std::size_t> chain;
  std::size_t first = 0;
  while (merges.size() + 1 < groups.size()) {
    stop.throw_if_stopped();
    if (chain.empty()) {
      while (!groups.is_there(first))
        ++first;
      chain.push_back(first);
    }
    const std::size_t before = chain.size() > 1 ? chain[chain.size() - 2] : groups.size();
    const std::size_t last = chain.back();
    const std::size_t nearest = groups.nearest(last, before);
    if (nearest != before) {
      chain.push_back(nearest);
      continue;
    }
    chain.resize(chain.size() - 2);
    merges.push_back(
        {std::min(last, before), std::max(last, before), groups.distance(last, before)});
    groups.join(merges.back().kept, merges.back().joined);
  }
  return merges;
}

std::size_t root_of(std::vector<std::size_t>& parents, std::size_t i) {
  while (parents[i] != i) {
    parents[i] = parents[parents[i]];
    i = parents[i];
  }
  return i;
}

}  // namespace

std::vector<std::int64_t> agglomerative_clusters(const FloatMatrix& points,
                                                 Linkage linkage,
                                                 std::int64_t clusters,
                                                 const ComputeContext& context) {
  if (clusters < 1) {
    fail(ErrorKind::kUsage, concat("the number of clusters must be at least 1: ", clusters));
  }
  if (clusters > points.rows) {
    fail(ErrorKind::kUsage, concat("more clusters than texts: ", clusters, ", ", points.rows));
  }
  if (points.rows > kMaxAgglomerativePoints) {
    fail(ErrorKind::kUsage, concat("too many texts to join pair by pair, at most ",
                                   kMaxAgglomerativePoints, ": ", points.rows));
  }
  Groups groups(points, linkage, context.stop);
  std::vector<Merge> merges = merge_all(groups, context.stop);
  std::stable_sort(merges.begin(), merges.end(),
                   [](const Merge& a, const Merge& b) { return a.distance < b.distance; });
  merges.resize(static_cast<std::size_t>(points.rows - clusters));

  std::vector<std::size_t> parents(groups.size());
  std::iota(parents.begin(), parents.end(), std::size_t{0});
  for (const Merge& merge : merges) {
    const std::size_t a = root_of(parents, merge.kept);
    const std::size_t b = root_of(parents, merge.joined);
    parents[std::max(a, b)] = std::min(a, b);
  }
  std::vector<std::int64_t> numbers(groups.size(), -1);
  std::vector<std::int64_t> result;
  std::int64_t next = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    std::int64_t& number = numbers[root_of(parents, i)];
    if (number < 0) number = next++;
    result.push_back(number);
  }
  return result;
}

}  // namespace sbert
