#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sbert/model/weights.h"

namespace sbert {

/// A block of a tensor, and where its torch.save file lies.
struct DistChunk {
  std::vector<std::int64_t> offsets;  ///< of its first element in the whole
  std::vector<std::int64_t> sizes;
  std::string file;  ///< beside the metadata
  std::uint64_t begin = 0;
  std::uint64_t bytes = 0;
};

/// A tensor of a torch.distributed.checkpoint.
struct DistTensor {
  std::string name;
  ElementType type = ElementType::kFloat32;
  std::vector<std::int64_t> shape;
  std::vector<DistChunk> chunks;  ///< each inside of the whole; none of a tensor of type kOther
  std::string other_type{};       ///< what torch calls the type, if it is kOther
};

/// Reads the `.metadata` file of such a checkpoint, a pickle of Metadata
/// (torch/distributed/checkpoint/metadata.py). What is no tensor is left out.
/// @throws Error(kInput) naming the tensor that is wrong, or the class that is refused
std::vector<DistTensor> read_dist_metadata(std::string_view pickle);

}  // namespace sbert
