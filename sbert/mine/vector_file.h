#pragma once

// Vectors on disk, filled from the first row on. Numbers are little-endian:
//   0       "SBERTVEC", version uint32, columns uint32
//   16      rows uint64, key uint64, rows written uint64
//   4096    the rows, float32

#include <cstdint>
#include <filesystem>
#include <span>

#include "sbert/base/matrix.h"

namespace sbert {

/// N vectors in a file that a killed run leaves for the next one: rows are flushed to the disk
/// before they count as written. One process at a time.
class VectorFile {
 public:
  /// Resumes the file at `path` if it holds vectors of this key and shape; else begins anew.
  /// @param key of all that the vectors are made from: model, prompt, texts
  /// @throws Error(kIo), also if another process has it open
  VectorFile(std::filesystem::path path,
             std::uint64_t key,
             std::int64_t rows,
             std::int64_t columns);
  ~VectorFile();
  VectorFile(VectorFile&& other) noexcept;
  VectorFile& operator=(VectorFile&&) = delete;

  std::int64_t rows() const { return rows_; }
  std::int64_t columns() const { return columns_; }
  std::int64_t written() const { return written_; }

  /// Writes the next rows [n, D], and flushes.
  /// @throws Error(kIo), as on a full disk
  void append(MatrixView rows);
  /// Copies the row, one that was written. Any thread may call.
  void read(std::int64_t row, std::span<float> out) const;

 private:
  friend class MappedRows;
  bool resume(std::uint64_t key);
  void start(std::uint64_t key);
  std::uint64_t offset_of(std::int64_t row) const;

  std::filesystem::path path_;
  int descriptor_ = -1;
  std::int64_t rows_;
  std::int64_t columns_;
  std::int64_t written_ = 0;
};

/// Some written rows of a VectorFile, mapped; their memory is given back with the object.
class MappedRows {
 public:
  /// @throws Error(kIo)
  MappedRows(const VectorFile& file, std::int64_t first, std::int64_t count);
  ~MappedRows();
  MappedRows(const MappedRows&) = delete;
  MappedRows& operator=(const MappedRows&) = delete;

  MatrixView view() const { return view_; }

 private:
  void* mapping_ = nullptr;
  std::size_t size_ = 0;
  MatrixView view_;
};

}  // namespace sbert
