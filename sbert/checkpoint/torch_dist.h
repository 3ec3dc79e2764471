#pragma once

#include <map>
#include <string>
#include <string_view>

#include "sbert/checkpoint/mapped_weight.h"

namespace sbert {

/// Reads a checkpoint of torch.distributed.checkpoint, the form that NeMo calls torch_dist: a
/// folder with `.metadata`, which says of which chunks each tensor is made, and `__RANK_N.distcp`
/// files, which hold the chunks one after the other, each a file of torch.save. A tensor of one
/// chunk is a view of the file, others are put together. A tensor of all layers, as Megatron Core
/// stacks them (encoder.layers.mlp.…), comes out as one a layer (encoder.layers.0.mlp.…).
///
/// @param files the folder's files by name
/// @param owner holds the bytes; kept alive by the weights
/// @throws Error(kInput) naming the file or the tensor that is wrong or missing
Weights read_torch_dist(const std::map<std::string, std::string_view>& files,
                        const BytesOwner& owner);

}  // namespace sbert
