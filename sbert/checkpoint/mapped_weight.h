#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sbert/model/weights.h"

namespace sbert {

/// What holds the bytes of weights, kept alive by them.
struct BytesOwner {
  std::shared_ptr<const void> bytes;
  /// Whether it is a mapped file. Then the pages under a weight leave this process when its last
  /// copy goes, so that who reads weight by weight never has the whole file in memory.
  bool is_mapped_file = false;
};

/// A weight over bytes of a file, row after row; a copy where they are not aligned for its type.
/// @param bytes as many as the shape says
Weight mapped_weight(std::string name,
                     std::string_view bytes,
                     ElementType type,
                     std::vector<std::int64_t> shape,
                     const BytesOwner& owner);

/// The same for elements that are `strides` elements apart: a copy unless they are row after row.
/// @param bytes the elements that `shape` and `strides` reach, from the first to the last
Weight strided_weight(std::string name,
                      std::string_view bytes,
                      ElementType type,
                      std::vector<std::int64_t> shape,
                      const std::vector<std::int64_t>& strides,
                      const BytesOwner& owner);

/// Bounds the memory of copies. The tensors of a file may be made of the same bytes, and be far
/// more than the file together.
class CopyLimit {
 public:
  /// @param file_bytes of the file, or of all files of a checkpoint
  explicit CopyLimit(std::uint64_t file_bytes);

  /// To be called for each copy.
  /// @throws Error(kInput) once the copies are several times as large as the file
  void add(std::uint64_t bytes);
  /// The same for a weight that may be a view of `file`.
  void add_unless_view(const Weight& weight, std::string_view file);

 private:
  std::uint64_t most_;
  std::uint64_t total_ = 0;
};

/// Strides of elements row after row.
std::vector<std::int64_t> contiguous_strides(const std::vector<std::int64_t>& shape);

}  // namespace sbert
