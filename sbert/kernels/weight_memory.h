#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace sbert {

/// Memory for packed weights, zeros at first, in huge pages where the system has them: a product
/// that walks through all weights of a model would miss the table of small pages again and again.
class WeightMemory {
 public:
  /// @throws std::bad_alloc if the system has no memory left
  explicit WeightMemory(std::int64_t bytes);
  ~WeightMemory();
  WeightMemory(const WeightMemory&) = delete;
  WeightMemory& operator=(const WeightMemory&) = delete;

  /// The next bytes, from a cache line on. Any thread.
  /// @throws Error(kInternal) if they are more than are left
  void* take(std::int64_t bytes);
  /// The size that take() reserves for `bytes`.
  static std::int64_t rounded(std::int64_t bytes);

 private:
  void* pages_;
  std::size_t mapped_;  // bytes
  char* begin_;
  std::int64_t size_;
  std::atomic<std::int64_t> used_ = 0;
};

}  // namespace sbert
