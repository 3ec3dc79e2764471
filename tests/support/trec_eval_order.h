#pragma once

#include <string_view>

namespace sbert {

/// True if trec_eval ranks document a before document b: by score, highest first; equal scores by
/// id, greatest first, compared byte by byte. trec_eval keeps scores as float.
inline bool trec_eval_ranks_before(float score_a,
                                   std::string_view id_a,
                                   float score_b,
                                   std::string_view id_b) {
  return score_a != score_b ? score_a > score_b : id_a > id_b;
}

}  // namespace sbert
