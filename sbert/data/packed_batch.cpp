#include "sbert/data/packed_batch.h"

#include <algorithm>

#include "sbert/base/error.h"

namespace sbert {

void PackedBatch::append(std::span<const std::int32_t> sequence) {
  if (sequence.empty()) fail(ErrorKind::kInternal, "a packed sequence has no tokens");
  ids.insert(ids.end(), sequence.begin(), sequence.end());
  const auto length = static_cast<std::int32_t>(sequence.size());
  for (std::int32_t position = 0; position < length; ++position)
    positions.push_back(position);
  cu_seqlens.push_back(static_cast<std::int32_t>(ids.size()));
  max_seqlen = std::max(max_seqlen, length);
}

PackedBatch pack(std::span<const std::vector<std::int32_t>> sequences) {
  PackedBatch batch;
  for (const auto& sequence : sequences)
    batch.append(sequence);
  return batch;
}

}  // namespace sbert
