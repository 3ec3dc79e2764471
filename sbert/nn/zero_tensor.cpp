#include "sbert/nn/zero_tensor.h"

#include <new>

#include <sys/mman.h>

#include <ATen/ATen.h>

namespace sbert {

namespace {

constexpr std::size_t kHugePage = 2 << 20;
constexpr std::size_t kFewPages = 32 << 12;  // of these, a mapping of their own costs more

}  // namespace

Tensor zero_tensor(at::IntArrayRef sizes) {
  std::size_t bytes = sizeof(float);
  for (const std::int64_t size : sizes)
    bytes *= static_cast<std::size_t>(size);
  if (bytes < kFewPages) return at::zeros(sizes);

  const bool is_huge = bytes >= 2 * kHugePage;
  // A mapping need not begin at a huge page: take one more, and begin within.
  const std::size_t whole = is_huge ? bytes + kHugePage : bytes;
  void* pages = ::mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  void* begin = pages;
  if (is_huge) {
    const auto address = reinterpret_cast<std::uintptr_t>(pages);
    begin =
        static_cast<char*>(pages) + ((address + kHugePage - 1) / kHugePage * kHugePage - address);
    // Advisory only; failure is harmless. The rest of the last page would be wasted memory.
    ::madvise(begin, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
  }
  return at::from_blob(begin, sizes, [pages, whole](void*) { ::munmap(pages, whole); }, at::kFloat);
}

}  // namespace sbert
