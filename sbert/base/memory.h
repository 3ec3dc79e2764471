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

}  // namespace sbert
