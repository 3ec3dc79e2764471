#pragma once

#include <cstdint>
#include <memory>

namespace sbert {

/// Memory for the intermediate values of a product; each thread needs its own.
class ProductScratch {
 public:
  /// Memory that begins at a cache line; grows to the most that was ever asked for. The contents
  /// are lost with the next call.
  void* get(std::int64_t bytes);

 private:
  struct Free {
    void operator()(void* memory) const;
  };

  std::unique_ptr<void, Free> memory_;
  std::int64_t size_ = 0;
};

}  // namespace sbert
