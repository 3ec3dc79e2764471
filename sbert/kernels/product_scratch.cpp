#include "sbert/kernels/product_scratch.h"

#include <new>

namespace sbert {
namespace {

constexpr std::align_val_t kCacheLine{64};

}  // namespace

void ProductScratch::Free::operator()(void* memory) const {
  ::operator delete(memory, kCacheLine);
}

void* ProductScratch::get(std::int64_t bytes) {
  if (bytes > size_) {
    size_ = 0;
    memory_.reset();  // before the larger one is taken
    memory_.reset(::operator new(static_cast<std::size_t>(bytes), kCacheLine));
    size_ = bytes;
  }
  return memory_.get();
}

}  // namespace sbert
