#pragma once

#include <cstdint>
#include <vector>

#include "sbert/base/matrix.h"
#include "sbert/kernels/inference_kernels.h"
#include "sbert/kernels/product_scratch.h"

namespace sbert {

/// Rows packed for the kernels of this processor, to be multiplied with others. A dot product has
/// the same bits whichever rows are beside the two, in here and among the others. For one thread.
class PackedRows {
 public:
  /// Other rows that are best multiplied in one call: their products stay in a core's cache.
  static constexpr std::int64_t kBlockRows = 96;

  /// How many rows of a length to pack at a time: as many as stay in a core's cache.
  /// @param count rows that there are; parts of it are about equally large
  static std::int64_t best_size(std::int64_t count, std::int64_t columns);

  /// @param rows [N, D], copied
  explicit PackedRows(MatrixView rows, const InferenceKernels& kernels = inference_kernels());

  std::int64_t size() const { return size_; }
  /// The dot product of each of the others with each row in here, with the error of a sum of
  /// floats.
  /// @param others [n, D]; no value may be 3e38 or more, else its products may be NaN
  /// @return       [n, N] valid up to the next call
  const float* products(MatrixView others);

 private:
  const InferenceKernels& kernels_;
  std::int64_t size_;
  std::int64_t columns_;
  ProductScratch memory_;          // of packed_
  const float* packed_ = nullptr;  // [N, D] as pack() lays it out
  std::vector<float> zeros_;       // [N] in place of a bias
  ProductScratch scratch_;
  ProductScratch products_;
};

}  // namespace sbert
