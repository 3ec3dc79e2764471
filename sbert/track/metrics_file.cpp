#include "sbert/track/metrics_file.h"

#include <cerrno>
#include <cmath>
#include <cstring>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"

namespace sbert {
namespace {

bool is_line_up_to(const std::string& line, std::int64_t step) {
  const auto object = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return false;
  const auto found = object.find("step");
  return found != object.end() && found->is_number_integer() && found->get<std::int64_t>() <= step;
}

}  // namespace

MetricsFile::MetricsFile(std::filesystem::path path, std::int64_t step) : path_(std::move(path)) {
  if (!std::filesystem::exists(path_)) return;
  const std::string before = read_file(path_, 1ULL << 30);
  std::string kept;
  for (std::size_t start = 0; start < before.size();) {
    const std::size_t end = before.find('\n', start);
    if (end == std::string::npos) break;
    const std::string line = before.substr(start, end - start);
    if (is_line_up_to(line, step)) kept += line + '\n';
    start = end + 1;
  }
  if (kept != before) write_file_atomically(path_, kept);
}

void MetricsFile::write(std::int64_t step, const Metrics& metrics) {
  nlohmann::ordered_json object{{"step", step}};
  for (const auto& [name, value] : metrics) {
    object[name] = std::isfinite(value) ? nlohmann::ordered_json(value) : nullptr;
  }
  const std::string line = object.dump() + '\n';
  const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  const ssize_t written = file < 0 ? -1 : ::write(file, line.data(), line.size());
  const int error = errno;
  if (file >= 0) ::close(file);
  if (written != static_cast<ssize_t>(line.size())) {
    fail(ErrorKind::kIo,
         concat(path_, ": cannot write: ", std::strerror(written < 0 ? error : ENOSPC)));
  }
}

}  // namespace sbert
