#include "sbert/kernels/weight_memory.h"

#include <algorithm>
#include <new>

#include <sys/mman.h>

#include "sbert/base/error.h"

namespace sbert {
namespace {

constexpr std::size_t kHugePage = 2 << 20;

}  // namespace

WeightMemory::WeightMemory(std::int64_t bytes) : size_(rounded(bytes)) {
  const auto wanted = static_cast<std::size_t>(std::max<std::int64_t>(size_, 1));
  const bool is_huge = wanted >= 2 * kHugePage;
  // A mapping need not begin at a huge page: take one more, and begin within.
  mapped_ = is_huge ? wanted + kHugePage : wanted;
  pages_ = ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages_ == MAP_FAILED) throw std::bad_alloc();
  begin_ = static_cast<char*>(pages_);
  if (is_huge) {
    const auto address = reinterpret_cast<std::uintptr_t>(pages_);
    begin_ += (address + kHugePage - 1) / kHugePage * kHugePage - address;
    // Advisory only; failure is harmless. The rest of the last page would be memory for nothing.
    ::madvise(begin_, wanted / kHugePage * kHugePage, MADV_HUGEPAGE);
  }
}

WeightMemory::~WeightMemory() {
  ::munmap(pages_, mapped_);
}

std::int64_t WeightMemory::rounded(std::int64_t bytes) {
  constexpr std::int64_t kCacheLine = 64;
  return (bytes + kCacheLine - 1) / kCacheLine * kCacheLine;
}

void* WeightMemory::take(std::int64_t bytes) {
  const std::int64_t start = used_.fetch_add(rounded(bytes));
  if (start + bytes > size_) fail(ErrorKind::kInternal, "packed weights are larger than planned");
  return begin_ + start;
}

}  // namespace sbert
