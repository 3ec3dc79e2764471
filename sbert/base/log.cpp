#include "sbert/base/log.h"

#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <mutex>
#include <string>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/progress.h"

namespace sbert {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

using File = std::unique_ptr<std::FILE, CloseFile>;

struct LogState {
  std::mutex mutex;
  File file;
  File warnings;
  bool quiet = false;
};

LogState& state() {
  static LogState instance;
  return instance;
}

std::string timestamp() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  localtime_r(&now, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S ", &parts)};
}

void append_to(const File& file, const std::string& line) {
  if (!file) return;
  std::fwrite(line.data(), 1, line.size(), file.get());
  std::fflush(file.get());
}

File open_to_append(std::string_view path) {
  if (path.empty()) return nullptr;
  File file(std::fopen(std::string(path).c_str(), "ae"));
  if (!file) fail(ErrorKind::kIo, concat(path, ": cannot open: ", std::strerror(errno)));
  return file;
}

void write_line(std::string_view level, std::string_view message, bool on_terminal) {
  LogState& log = state();
  const std::scoped_lock lock(log.mutex);
  const std::string line = concat(level, message, '\n');
  if (on_terminal) print_above_progress(line);
  const std::string stamped = concat(timestamp(), line);
  append_to(log.file, stamped);
  if (!level.empty()) append_to(log.warnings, stamped);
}

}  // namespace

void log_info(std::string_view message) {
  write_line("", message, !is_quiet());
}

void log_warning(std::string_view message) {
  write_line("warning: ", message, true);
}

void log_to_file(std::string_view path, std::string_view warnings_path) {
  LogState& log = state();
  const std::scoped_lock lock(log.mutex);
  log.file = open_to_append(path);
  log.warnings = open_to_append(warnings_path);
}

void set_quiet(bool quiet) {
  state().quiet = quiet;
}

bool is_quiet() {
  return state().quiet;
}

}  // namespace sbert
