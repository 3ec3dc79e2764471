#include "sbert/base/stop.h"

#include <atomic>

#include "sbert/base/error.h"

namespace sbert {
namespace {

std::atomic<int> num_held = 0;

}  // namespace

bool stop_requested() {
  return signal_stop_token().stop_requested();
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
