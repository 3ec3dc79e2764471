#pragma once

#include <cstdint>

namespace sbert {

/// The piece of the matrix of scores that a thread computes and looks through at a time.
struct ScoreTile {
  std::int64_t queries = 0;
  std::int64_t rows = 0;  ///< of the corpus
};

/// The tile at which product and selection are fastest, or the largest smaller one of which each
/// thread's fits in its part of the memory. Never less than 8 by 8: then the memory is exceeded.
/// @param memory_bytes for the tiles of all threads; 0: no bound
ScoreTile score_tile(std::int64_t memory_bytes, int threads);

}  // namespace sbert
