#include "sbert/data/file_patterns.h"

#include <algorithm>
#include <memory>
#include <system_error>

#include <glob.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

std::vector<std::filesystem::path> match(const std::string& pattern) {
  glob_t found{};
  const int result = ::glob(pattern.c_str(), GLOB_ERR, nullptr, &found);
  const std::unique_ptr<glob_t, void (*)(glob_t*)> owner(&found, ::globfree);
  if (result != 0 && result != GLOB_NOMATCH) {
    fail(ErrorKind::kIo, concat(pattern, ": cannot read a folder of this pattern"));
  }
  std::vector<std::filesystem::path> files;
  for (std::size_t i = 0; i < found.gl_pathc; ++i) {
    const std::filesystem::path path = found.gl_pathv[i];
    std::error_code ignored;
    if (path.extension() == ".sbert-index" || std::filesystem::is_directory(path, ignored)) {
      continue;
    }
    files.push_back(path);
  }
  if (files.empty()) fail(ErrorKind::kIo, concat(pattern, ": no file matches this pattern"));
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

bool FilePatterns::empty() const {
  return std::all_of(patterns.begin(), patterns.end(),
                     [](const std::string& each) { return each.empty(); });
}

std::vector<std::filesystem::path> find_files(const FilePatterns& files) {
  std::vector<std::filesystem::path> all;
  const auto add = [&](const std::filesystem::path& path) {
    if (std::find(all.begin(), all.end(), path) == all.end()) all.push_back(path);
  };
  for (const std::string& pattern : files.patterns) {
    std::error_code ignored;
    const bool is_pattern = pattern.find_first_of("*?[") != std::string::npos;
    if (!is_pattern || std::filesystem::exists(pattern, ignored)) {
      add(pattern);
    } else {
      for (const std::filesystem::path& path : match(pattern))
        add(path);
    }
  }
  return all;
}

}  // namespace sbert
