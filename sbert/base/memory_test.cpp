#include "sbert/base/memory.h"

#include <cstring>

#include <gtest/gtest.h>
#include <sys/mman.h>

namespace sbert {
namespace {

constexpr std::size_t kBlock = 64ULL << 20;

TEST(ProcessMemory, GrowsByABlockThatIsTouchedAndThePeakStaysWhenItIsGone) {
  const ProcessMemory before = process_memory();
  EXPECT_GT(before.resident_bytes, 100'000U);
  EXPECT_LT(before.resident_bytes, 16ULL << 30);

  // Mapped, since the allocator might reuse memory that is resident.
  void* block = mmap(nullptr, kBlock, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(block, MAP_FAILED);
  std::memset(block, 1, kBlock);
  const ProcessMemory during = process_memory();
  munmap(block, kBlock);
  const ProcessMemory after = process_memory();

  // The kernel's counters lag behind by up to some dozens of pages a thread.
  constexpr std::size_t kSlack = 1ULL << 20;
  EXPECT_GE(during.resident_bytes + kSlack, before.resident_bytes + kBlock);
  EXPECT_LE(after.resident_bytes, during.resident_bytes - kBlock + kSlack);
  EXPECT_GE(during.peak_bytes, during.resident_bytes);
  EXPECT_GE(after.peak_bytes + kSlack, during.resident_bytes);
}

}  // namespace
}  // namespace sbert
