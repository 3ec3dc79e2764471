#include "sbert/track/append_file.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {

AppendFile::AppendFile(std::filesystem::path path) : path_(std::move(path)) {
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) {
    fail(ErrorKind::kIo, concat(path_, ": cannot create: ", std::strerror(errno)));
  }
}

AppendFile::~AppendFile() {
  ::close(descriptor_);
}

void AppendFile::append(std::string_view record) {
  ssize_t written = -1;
  do {
    written = ::write(descriptor_, record.data(), record.size());
  } while (written < 0 && errno == EINTR);
  if (written != static_cast<ssize_t>(record.size())) {
    // A write that is cut short has met the end of the space; the next would say so.
    const int error = written < 0 ? errno : ENOSPC;
    if (::ftruncate(descriptor_, static_cast<off_t>(size_)) != 0) {
      // The cut record stays: readers of both formats stop there.
    }
    fail(ErrorKind::kIo, concat(path_, ": cannot write: ", std::strerror(error)));
  }
  size_ += record.size();
}

}  // namespace sbert
