#pragma once

#include <cstdint>
#include <vector>

#include "sbert/nn/tensor_fwd.h"

namespace sbert {

/// Elements [first, first + size) of a flattened tensor.
struct Range {
  std::int64_t first;
  std::int64_t size;
};

/// The elements of n that belong to a process: of W processes each has ceil(n / W) of them, in the
/// order of the ranks, but the last fewer or none.
Range share(std::int64_t n, int rank, int size);

/// A view of some elements of a contiguous tensor.
/// @return [range.size]
Tensor elements(const Tensor& tensor, const Range& range);

/// The flattened tensors regrouped by owner: row r holds rank r's share of every tensor, each
/// padded with zeros to ceil(n / W).
/// @param tensors of one type, on one device
/// @return [W, sum of ceil(n / W)] of a single tensor, without a copy where it can be
Tensor rows_of_shares(const std::vector<Tensor>& tensors, int size);

/// Takes a row apart.
/// @param numels of the tensors that the rows were made of
/// @return of each tensor the share of that rank, [its size] views of the row
std::vector<Tensor> shares_in_row(const Tensor& row,
                                  const std::vector<std::int64_t>& numels,
                                  int rank,
                                  int size);

}  // namespace sbert
