#pragma once

#include <cstdint>

namespace sbert {

/// Resident memory of this process.
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

}  // namespace sbert
