#include "sbert/base/memory.h"

#include <algorithm>
#include <fstream>

#include <sys/resource.h>
#include <unistd.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {

ProcessMemory process_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  // Linux counts ru_maxrss in KiB.
  const auto peak = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;

  std::ifstream statm("/proc/self/statm");
  std::uint64_t total_pages = 0;
  std::uint64_t resident_pages = 0;
  if (!(statm >> total_pages >> resident_pages)) return {peak, peak};
  const std::uint64_t resident = resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  // The kernel updates the two counters at different times.
  return {resident, std::max(resident, peak)};
}

std::uint64_t memory_left(std::uint64_t limit_bytes) {
  constexpr std::uint64_t kMegabyte = 1ULL << 20;
  constexpr std::uint64_t kLeast = 96 * kMegabyte;
  const std::uint64_t taken = process_memory().resident_bytes;
  if (limit_bytes < taken + kLeast) {
    fail(ErrorKind::kUsage,
         concat("memory must be at least ", (taken + kLeast) / kMegabyte + 1,
                " MB for this model and this data: ", limit_bytes / kMegabyte, " MB"));
  }
  return limit_bytes - taken;
}

}  // namespace sbert
