#pragma once

#include <filesystem>

#include "sbert/base/matrix.h"

namespace sbert {

/// Writes a matrix as a NumPy .npy file, version 1.0: little-endian float32, C order, [rows,
/// columns]. Whole or not at all.
/// @throws Error(kIo)
void write_npy(const FloatMatrix& matrix, const std::filesystem::path& path);

/// Reads what write_npy() writes, or any two-dimensional float32 .npy of version 1 to 3 in C order.
/// @throws Error(kInput) if the file is something else or cut short
FloatMatrix read_npy(const std::filesystem::path& path);

}  // namespace sbert
