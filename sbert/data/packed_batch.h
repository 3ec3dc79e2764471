#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sbert {

/// Token sequences laid end to end, without padding. B sequences, T tokens in all.
struct PackedBatch {
  std::vector<std::int32_t> ids;            ///< [T]
  std::vector<std::int32_t> positions;      ///< [T]     0 at the start of each sequence
  std::vector<std::int32_t> cu_seqlens{0};  ///< [B + 1] where each sequence starts; ends with T
  std::int32_t max_seqlen = 0;              ///< length of the longest sequence

  std::int64_t num_sequences() const { return static_cast<std::int64_t>(cu_seqlens.size()) - 1; }
  std::int64_t num_tokens() const { return static_cast<std::int64_t>(ids.size()); }

  /// Adds one sequence, which must not be empty.
  void append(std::span<const std::int32_t> sequence);
};

PackedBatch pack(std::span<const std::vector<std::int32_t>> sequences);

}  // namespace sbert
