#include "sbert/base/stop_token.h"

#include <csignal>

#include <unistd.h>

#include "sbert/base/error.h"

namespace sbert {
namespace {

StopSource& signal_source() {
  static StopSource source;
  return source;
}

void on_signal(int signal) {
  if (signal_source().stop_requested()) _exit(128 + signal);
  signal_source().request_stop();
}

}  // namespace

void StopToken::throw_if_stopped() const {
  if (stop_requested()) fail(ErrorKind::kCancelled, "interrupted");
}

void catch_stop_signals() {
  signal_source();  // made before a handler can want it
  struct sigaction action{};
  action.sa_handler = on_signal;
  // Without SA_RESTART, so that a blocked read returns and the stop is seen.
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  struct sigaction before{};
  sigaction(SIGHUP, nullptr, &before);
  if (before.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);
  std::signal(SIGXFSZ, SIG_IGN);
}

StopToken signal_stop_token() {
  return signal_source().token();
}

}  // namespace sbert
