#pragma once

#include <atomic>
#include <memory>
#include <utility>

namespace sbert {

/// Asks long work to stop. Copies share one request. Any thread.
class StopToken {
 public:
  /// A token that never asks for a stop.
  StopToken() = default;

  bool stop_requested() const { return requested_ && requested_->load(std::memory_order_relaxed); }
  /// To be called between the steps of long work.
  /// @throws Error(kCancelled) once a stop is requested
  void throw_if_stopped() const;

 private:
  friend class StopSource;
  explicit StopToken(std::shared_ptr<const std::atomic<bool>> requested)
      : requested_(std::move(requested)) {}

  std::shared_ptr<const std::atomic<bool>> requested_;
};

/// Who may ask for a stop: the owner of a request, or the handler of a signal.
class StopSource {
 public:
  StopSource() : requested_(std::make_shared<std::atomic<bool>>(false)) {}

  StopToken token() const { return StopToken(requested_); }
  bool stop_requested() const { return requested_->load(std::memory_order_relaxed); }
  /// Safe in a signal handler.
  void request_stop() { requested_->store(true, std::memory_order_relaxed); }

 private:
  std::shared_ptr<std::atomic<bool>> requested_;
};

/// From here on SIGINT, SIGTERM and SIGHUP request a stop of signal_stop_token() instead of ending
/// the process; a second signal ends it at once. A SIGHUP that is ignored, as under nohup, stays
/// so. What would exceed the user's limit of a file's size (SIGXFSZ) is an error of writing. For a
/// program's main thread, once.
void catch_stop_signals();

/// What a program passes down to its work. Never stops where catch_stop_signals() was not called.
StopToken signal_stop_token();

}  // namespace sbert
