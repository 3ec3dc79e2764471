#include "sbert/base/memory.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <latch>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <malloc.h>
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

// "<heap nr=" in malloc_info() begins an arena.
std::size_t count_arenas() {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* stream = ::open_memstream(&text, &size);
  ::malloc_info(0, stream);
  std::fclose(stream);
  std::size_t count = 0;
  for (const char* at = text; (at = std::strstr(at, "<heap nr=")) != nullptr; ++at)
    ++count;
  std::free(text);  // NOLINT(cppcoreguidelines-no-malloc): open_memstream() took it
  return count;
}

TEST(SharedFreedMemory, GivesThreadsNoArenasOfTheirOwn) {
  share_freed_memory();
  const std::size_t before = count_arenas();
  std::vector<std::thread> threads;
  std::latch all_have_some(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const std::vector<char> some(50'000);
      all_have_some.arrive_and_wait();
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(count_arenas(), before);
}

}  // namespace
}  // namespace sbert
