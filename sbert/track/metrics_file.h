#pragma once

#include <cstdint>
#include <filesystem>

#include "sbert/base/metrics.h"

namespace sbert {

/// metrics.jsonl: one object a line, `step` first, then the metrics. A value that is not a number
/// (NaN, infinity) is written as null. Each line is written with one call.
class MetricsFile {
 public:
  /// Opens the file to go on after `step`: lines of later steps, and a line cut short, which a
  /// killed run left, are taken out first.
  /// @throws Error(kIo)
  MetricsFile(std::filesystem::path path, std::int64_t step);

  /// @throws Error(kIo)
  void write(std::int64_t step, const Metrics& metrics);

 private:
  std::filesystem::path path_;
};

}  // namespace sbert
