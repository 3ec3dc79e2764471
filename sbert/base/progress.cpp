#include "sbert/base/progress.h"

#include <cstdio>
#include <mutex>
#include <utility>

#include <unistd.h>

#include "sbert/base/concat.h"
#include "sbert/base/log.h"

namespace sbert {
namespace {

using Clock = std::chrono::steady_clock;

// The one live line of the process; empty when there is none on the terminal.
std::mutex terminal_mutex;
std::string live_line;

bool is_terminal() {
  static const bool kIsTerminal = isatty(STDERR_FILENO) == 1;
  return kIsTerminal;
}

void put(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

void set_live_line(std::string line) {
  const std::scoped_lock lock(terminal_mutex);
  put(concat("\r\x1b[K", line));
  live_line = std::move(line);
}

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

void print_above_progress(std::string_view lines) {
  const std::scoped_lock lock(terminal_mutex);
  if (live_line.empty()) {
    put(lines);
  } else {
    put(concat("\r\x1b[K", lines, live_line));
  }
}

std::string format_duration(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  const auto two_digits = [](std::int64_t value) {
    return value < 10 ? concat('0', value) : concat(value);
  };
  const std::int64_t hours = whole / 3600;
  const std::int64_t minutes = whole / 60 % 60;
  if (hours > 0) return concat(hours, ':', two_digits(minutes), ':', two_digits(whole % 60));
  return concat(minutes, ':', two_digits(whole % 60));
}

std::string with_thousands(std::int64_t number) {
  std::string digits = concat(number);
  const std::ptrdiff_t first = number < 0 ? 1 : 0;
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > first; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

Progress::Progress(std::string_view label, std::int64_t total, std::string_view unit)
    : label_(label), total_(total), unit_(unit), start_(Clock::now()), last_drawn_(start_) {}

Progress::~Progress() {
  draw(true);
}

void Progress::advance(std::int64_t units) {
  const std::scoped_lock lock(mutex_);
  done_ += units;
  const double interval = is_terminal() ? 0.1 : 10.0;
  if (seconds_between(last_drawn_, Clock::now()) >= interval) draw(false);
}

void Progress::set_note(std::string note) {
  const std::scoped_lock lock(mutex_);
  note_ = std::move(note);
}

std::string Progress::line(Clock::time_point now) const {
  const double elapsed = seconds_between(start_, now);
  std::string text = concat(label_, ' ', with_thousands(done_));
  if (total_ > 0) text += concat('/', with_thousands(total_));
  text += concat(' ', unit_, "  ", format_duration(elapsed));
  if (done_ > 0 && done_ < total_) {
    const double left = elapsed * static_cast<double>(total_ - done_) / static_cast<double>(done_);
    text += concat("  ETA ", format_duration(left));
  }
  if (!note_.empty()) text += concat("  ", note_);
  return text;
}

void Progress::draw(bool is_last) {
  if (is_quiet()) return;
  const Clock::time_point now = Clock::now();
  last_drawn_ = now;
  // Short work is not worth a line.
  if (is_last && seconds_between(start_, now) < 1.0) {
    if (is_terminal()) set_live_line("");
    return;
  }
  if (is_last && drawn_ == done_ && !is_terminal()) return;  // the line is there already
  drawn_ = done_;
  if (is_terminal() && !is_last) {
    set_live_line(line(now));
    return;
  }
  if (is_terminal()) set_live_line("");
  print_above_progress(concat(line(now), '\n'));
}

}  // namespace sbert
