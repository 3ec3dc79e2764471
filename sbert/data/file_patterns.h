#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace sbert {

/// The files of an option: paths, or patterns with *, ? and [ ].
struct FilePatterns {
  std::vector<std::string> patterns{};

  FilePatterns() = default;
  explicit(false) FilePatterns(std::vector<std::string> several) : patterns(std::move(several)) {}
  explicit(false) FilePatterns(const std::filesystem::path& one) : patterns{one.native()} {}
  explicit(false) FilePatterns(const std::string& one) : patterns{one} {}
  explicit(false) FilePatterns(const char* one) : patterns{one} {}

  /// True without patterns, and for empty ones alone.
  bool empty() const;
};

/// The files in the order of the patterns, those of a pattern in the order of their bytes, each
/// once. A path that exists is taken as it is, whatever characters it has. Indexes
/// (".sbert-index") are left out of what a pattern matches.
/// @throws Error(kIo) for a pattern that matches no file, or a file that is not there
std::vector<std::filesystem::path> find_files(const FilePatterns& files);

}  // namespace sbert
