#pragma once

#include <cstdint>

namespace sbert {

/// Memory of this process that lies in RAM.
struct ProcessMemory {
  std::uint64_t resident_bytes = 0;  ///< at this moment
  std::uint64_t peak_bytes = 0;      ///< the most so far, at least resident_bytes
};

/// Measures from /proc/self/statm and getrusage(); where /proc is not there, both are the peak.
ProcessMemory process_memory();

/// What a process that may take `limit_bytes` in all has left at this moment for work that comes in
/// pieces.
/// @throws Error(kUsage) naming the least limit that would do, if less than 96 MiB are left
std::uint64_t memory_left(std::uint64_t limit_bytes);

/// Lets all threads take memory from where any of them has freed it. glibc keeps an arena for each
/// thread, and what is free in one is lost to the others: workers of a training step that pass
/// tensors of megabytes on took half as much again. Once, before there are threads; a program of
/// many small allocations in many threads is better without. Nothing where there is no glibc.
void share_freed_memory();

}  // namespace sbert
