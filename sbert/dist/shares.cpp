#include "sbert/dist/shares.h"

#include <algorithm>

#include <ATen/ATen.h>

namespace sbert {
namespace {

std::int64_t largest_share(std::int64_t n, int size) {
  return (n + size - 1) / size;
}

}  // namespace

Range share(std::int64_t n, int rank, int size) {
  const std::int64_t most = largest_share(n, size);
  const std::int64_t first = std::min(n, most * rank);
  return {first, std::min(most, n - first)};
}

Tensor elements(const Tensor& tensor, const Range& range) {
  return tensor.detach().view({-1}).narrow(0, range.first, range.size);
}

Tensor rows_of_shares(const std::vector<Tensor>& tensors, int size) {
  std::vector<Tensor> rows;
  for (const Tensor& tensor : tensors) {
    const std::int64_t columns = largest_share(tensor.numel(), size);
    const Tensor flat = tensor.detach().reshape({-1});
    const std::int64_t missing = columns * size - flat.numel();
    rows.push_back(
        (missing > 0 ? at::constant_pad_nd(flat, {0, missing}) : flat).view({size, columns}));
  }
  return rows.size() == 1 ? rows.front() : at::cat(rows, 1);
}

std::vector<Tensor> shares_in_row(const Tensor& row,
                                  const std::vector<std::int64_t>& numels,
                                  int rank,
                                  int size) {
  std::vector<Tensor> shares;
  std::int64_t column = 0;
  for (const std::int64_t n : numels) {
    shares.push_back(row.narrow(0, column, share(n, rank, size).size));
    column += largest_share(n, size);
  }
  return shares;
}

}  // namespace sbert
