#include "sbert/base/folder_lock.h"

#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>
#include <string>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/base/log.h"
#include "sbert/base/write_place.h"

namespace sbert {
namespace {

std::string this_process() {
  char host[HOST_NAME_MAX + 1] = {};
  ::gethostname(host, sizeof host - 1);
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  localtime_r(&now, &parts);
  char since[32] = {};
  std::strftime(since, sizeof since, "%Y-%m-%d %H:%M:%S", &parts);
  return concat("process ", ::getpid(), " on ", std::string_view(host), ", since ",
                std::string_view(since));
}

// What the holder wrote, which is little; nothing if it did not come to that yet.
std::string holder(int descriptor) {
  char text[256];
  const ssize_t count = ::pread(descriptor, text, sizeof text, 0);
  return count > 0 ? std::string(text, static_cast<std::size_t>(count)) : "another process";
}

bool is_file_at(int descriptor, const std::filesystem::path& path) {
  struct stat ours{};
  struct stat theirs{};
  return ::fstat(descriptor, &ours) == 0 && ::stat(path.c_str(), &theirs) == 0 &&
         ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

}  // namespace

FolderLock::FolderLock(const std::filesystem::path& folder) : path_(folder / ".lock") {
  make_folder(folder);
  while (true) {
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) fail_io(path_, "cannot write");
    const int error = ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
    if (error == EWOULDBLOCK) {
      const std::string message =
          concat(folder, ": another run writes here: ", holder(descriptor_));
      ::close(descriptor_);
      fail(ErrorKind::kIo, message);
    }
    if (error != 0) {
      log_warning(
          concat(path_, ": cannot be locked, so start no other run here: ", std::strerror(error)));
    }
    // The holder before may have removed the file between the two calls.
    if (is_file_at(descriptor_, path_)) break;
    ::close(descriptor_);
  }
  const std::string text = this_process();
  [[maybe_unused]] const int cut = ::ftruncate(descriptor_, 0);
  // What cannot be written, as on a full disk, is missing in a message and no more.
  [[maybe_unused]] const ssize_t written = ::pwrite(descriptor_, text.data(), text.size(), 0);
}

FolderLock::~FolderLock() {
  ::unlink(path_.c_str());
  ::close(descriptor_);
}

}  // namespace sbert
