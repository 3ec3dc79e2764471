#include "sbert/base/write_place.h"

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTemporary = ".tmp-";
constexpr int kMaxLinks = 40;  // the kernel's own limit

// Of /dev/stdout, /dev/fd/3 or /proc/self/fd/3: their names are links whose text is no path.
std::optional<int> descriptor_of(const fs::path& path) {
  std::error_code error;
  const fs::path folder = fs::weakly_canonical(parent_of(path), error);
  if (error || folder != concat("/proc/", ::getpid(), "/fd")) return std::nullopt;
  const std::string name = path.filename();
  int number = -1;
  const auto [end, wrong] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (wrong != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

WritePlace follow_links(const fs::path& path) {
  fs::path at = path;
  for (int i = 0; i <= kMaxLinks; ++i) {
    if (const auto descriptor = descriptor_of(at)) return {at, descriptor};
    std::error_code error;
    if (!fs::is_symlink(at, error)) return {at, std::nullopt};
    const fs::path target = fs::read_symlink(at, error);
    if (error) fail(ErrorKind::kIo, concat(path, ": cannot read the link: ", error.message()));
    at = parent_of(at) / target;  // an absolute target alone
  }
  errno = ELOOP;
  fail_io(path, "cannot write");
}

fs::path parent_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

fs::path temporary_name(const fs::path& path) {
  static std::atomic<int> num_calls = 0;
  return parent_of(path) / concat(path.filename(), kTemporary, ::getpid(), '-', num_calls++);
}

bool is_temporary_name(std::string_view name) {
  const std::size_t at = name.rfind(kTemporary);
  if (at == std::string_view::npos) return false;
  const std::string_view numbers = name.substr(at + kTemporary.size());
  const std::size_t dash = numbers.find('-');
  return dash != std::string_view::npos && is_number(numbers.substr(0, dash)) &&
         is_number(numbers.substr(dash + 1));
}

void sync_path(const fs::path& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC);
  if (descriptor < 0) fail_io(path, "cannot open to flush");
  const bool failed = ::fsync(descriptor) != 0 && errno != EINVAL;
  const int reason = errno;
  ::close(descriptor);
  errno = reason;
  if (failed) fail_io(path, "cannot flush");
}

void fail_io(const fs::path& path, std::string_view what) {
  fail(ErrorKind::kIo, concat(path, ": ", what, ": ", std::strerror(errno)));
}

}  // namespace sbert
