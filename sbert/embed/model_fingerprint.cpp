#include "sbert/embed/model_fingerprint.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <sys/stat.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/model/model_path.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;

// A file that changed this short a time ago may change again without its time telling.
constexpr std::int64_t kSettledNanoseconds = 2'000'000'000;
constexpr std::size_t kMaxFiles = 10'000;
constexpr int kMaxDepth = 8;
constexpr std::string_view kMemoryHeader = "sbert file hashes 1";

struct ModelFile {
  std::string name;  // within the folder
  fs::path path;
};

std::vector<ModelFile> files_of(const fs::path& model) {
  if (!fs::is_directory(model)) return {{"", model}};
  std::vector<ModelFile> files;
  std::error_code error;
  fs::recursive_directory_iterator entry(model, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const bool is_hidden = entry->path().filename().native().starts_with('.');
    if (is_hidden || entry.depth() >= kMaxDepth) entry.disable_recursion_pending();
    if (is_hidden || !entry->is_regular_file(error)) continue;
    files.push_back({entry->path().lexically_relative(model).generic_string(), entry->path()});
    if (files.size() > kMaxFiles) {
      fail(ErrorKind::kInput, concat(model, ": not a model: more than ", kMaxFiles, " files"));
    }
  }
  if (error) fail(ErrorKind::kIo, concat(model, ": cannot read the folder: ", error.message()));
  std::sort(files.begin(), files.end(),
            [](const ModelFile& a, const ModelFile& b) { return a.name < b.name; });
  return files;
}

// What a file's content is known by as long as it stays the same.
struct Stamp {
  std::int64_t size = 0;
  std::int64_t changed_ns = 0;
  std::uint64_t inode = 0;

  std::string text() const { return concat(size, ' ', changed_ns, ' ', inode); }

  bool is_settled() const {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count() - changed_ns >
           kSettledNanoseconds;
  }
};

Stamp stamp_of(const fs::path& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    fail(ErrorKind::kIo, concat(path, ": cannot read: ", std::strerror(errno)));
  }
  // The later of the two: a copy that keeps the time of writing still changes the inode.
  const auto nanoseconds = [](const timespec& time) {
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
  };
  return {info.st_size, std::max(nanoseconds(info.st_mtim), nanoseconds(info.st_ctim)),
          static_cast<std::uint64_t>(info.st_ino)};
}

// Hashes of a model's files as they were, by stamp and name. A text file, a line a file:
// hash, stamp, name.
class HashMemory {
 public:
  explicit HashMemory(fs::path path) : path_(std::move(path)) {
    std::istringstream lines(bytes());
    std::string line;
    if (!std::getline(lines, line) || line != kMemoryHeader) return;
    while (std::getline(lines, line)) {
      const std::size_t space = line.find(' ');
      if (space == std::string::npos) continue;
      const ContentHash hash = content_hash_of_hex(std::string_view(line).substr(0, space));
      if (hash != ContentHash{}) known_[line.substr(space + 1)] = hash;
    }
  }

  ContentHash hash(const ModelFile& file, const StopToken& stop) {
    const Stamp stamp = stamp_of(file.path);
    const std::string key = concat(stamp.text(), ' ', file.name);
    if (const auto found = known_.find(key); found != known_.end()) {
      lines_ += concat(found->second.hex(), ' ', key, '\n');
      return found->second;
    }
    const ContentHash hash = file_hash(file.path, stop);
    if (stamp.is_settled() && file.name.find('\n') == std::string::npos) {
      lines_ += concat(hash.hex(), ' ', key, '\n');
      is_new_ = true;
    }
    return hash;
  }

  void save() const {
    if (!is_new_ || path_.empty()) return;
    try {
      make_folder(path_.parent_path());
      write_file_atomically(path_, concat(kMemoryHeader, '\n', lines_));
    } catch (const Error&) {
      // It only costs the reading next time.
    }
  }

 private:
  // Nothing, if there is no memory or it cannot be read: then the files are.
  std::string bytes() const {
    try {
      return read_file(path_);
    } catch (const Error&) {
      return "";
    }
  }

  fs::path path_;
  std::map<std::string, ContentHash> known_;
  std::string lines_;
  bool is_new_ = false;
};

}  // namespace

ContentHash model_fingerprint(const fs::path& model,
                              const fs::path& memory_folder,
                              const StopToken& stop) {
  std::error_code error;
  const fs::path canonical = fs::canonical(model_path(model), error);
  if (error) fail(ErrorKind::kIo, concat(model, ": ", error.message()));
  HashMemory memory(memory_folder.empty() ? fs::path()
                                          : memory_folder / content_hash(canonical.native()).hex());
  std::string listing;
  for (const ModelFile& file : files_of(canonical)) {
    listing += concat(memory.hash(file, stop).hex(), ' ', file.name, '\0');
  }
  if (listing.empty()) fail(ErrorKind::kInput, concat(model, ": the folder has no files"));
  memory.save();
  return content_hash(listing);
}

}  // namespace sbert
