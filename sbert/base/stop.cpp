#include "sbert/base/stop.h"

#include <atomic>
#include <csignal>

#include <unistd.h>

#include "sbert/base/error.h"

namespace sbert {
namespace {

volatile std::sig_atomic_t stop_signal = 0;
std::atomic<int> num_held = 0;

void on_signal(int signal) {
  if (stop_signal != 0) _exit(128 + signal);
  stop_signal = signal;
}

}  // namespace

void catch_stop_signals() {
  struct sigaction action{};
  action.sa_handler = on_signal;
  // Without SA_RESTART, so that a blocked read returns and the stop is seen.
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool stop_requested() {
  return stop_signal != 0;
}

void throw_if_stopped() {
  if (stop_requested() && num_held == 0) fail(ErrorKind::kCancelled, "interrupted");
}

StopsHeld::StopsHeld() {
  ++num_held;
}
StopsHeld::~StopsHeld() {
  --num_held;
}

}  // namespace sbert
