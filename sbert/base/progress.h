#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace sbert {

/// The state of long work, on stderr: one line drawn over and over on a terminal, a plain line
/// every ten seconds elsewhere, nothing when is_quiet(). One at a time; advance() from any thread.
class Progress {
 public:
  /// @param label what is being done: "embedding"
  /// @param total units of the whole work, 0 if unknown
  /// @param unit  "texts", "steps"
  Progress(std::string_view label, std::int64_t total, std::string_view unit);
  /// Ends the line with what was done and how long it took.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Adds finished units. Draws at most ten times a second.
  void advance(std::int64_t units);
  /// Text at the end of the line: "loss 0.12, 3,100 tokens/s".
  void set_note(std::string note);

 private:
  void draw(bool is_last);
  std::string line(std::chrono::steady_clock::time_point now) const;

  std::mutex mutex_;
  std::string label_;
  std::int64_t total_;
  std::string unit_;
  std::int64_t done_ = 0;
  std::int64_t drawn_ = -1;  // what the last line said was done
  std::string note_;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_drawn_;
};

/// 12345.6 seconds as "3:25:45", 65 as "1:05".
std::string format_duration(double seconds);

/// 1234567 as "1,234,567".
std::string with_thousands(std::int64_t number);

/// Writes whole lines to stderr without tearing the live line of a Progress.
void print_above_progress(std::string_view lines);

}  // namespace sbert
