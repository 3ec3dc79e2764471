#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sbert/search/topk.h"

namespace sbert {

/// Reciprocal rank fusion of two rankings: a row's score is the sum of 1 / (60 + rank) over the
/// lists that have it, ranks from 1 (Cormack, Clarke, Buettcher: Reciprocal Rank Fusion outperforms
/// Condorcet, SIGIR 2009).
/// @return at most k rows, best first; equal scores by ascending row
std::vector<Hit> fuse_ranks(std::span<const Hit> a, std::span<const Hit> b, std::int64_t k);

}  // namespace sbert
