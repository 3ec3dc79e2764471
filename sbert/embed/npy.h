#pragma once

#include <cstdint>
#include <filesystem>

#include "sbert/base/files.h"
#include "sbert/base/matrix.h"

namespace sbert {

/// Writes a matrix as a NumPy .npy file, version 1.0: little-endian float32, C order, [rows,
/// columns]. Whole or not at all.
/// @throws Error(kIo)
void write_npy(const FloatMatrix& matrix, const std::filesystem::path& path);

/// The same file, some rows at a time: the matrix need not be in memory.
class NpyWriter {
 public:
  /// @throws Error(kIo)
  NpyWriter(const std::filesystem::path& path, std::int64_t columns);
  /// @param rows [N, columns]
  void append(const FloatMatrix& rows);
  void commit();

 private:
  AtomicFile file_;
  std::int64_t rows_ = 0;
  std::int64_t columns_;
};

/// Reads what write_npy() writes, or any two-dimensional float32 .npy of version 1 to 3 in C order.
/// @throws Error(kInput) if the file is something else or cut short
FloatMatrix read_npy(const std::filesystem::path& path);

}  // namespace sbert
