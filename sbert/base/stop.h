#pragma once

#include "sbert/base/stop_token.h"

namespace sbert {

/// True after SIGINT or SIGTERM. Long work looks at this between steps.
bool stop_requested();

/// @throws Error(kCancelled) after such a signal, unless a StopsHeld lives
void throw_if_stopped();

/// While one lives, throw_if_stopped() throws in no thread. For processes that work together: one
/// that left its work alone would leave the others waiting, so they ask stop_requested() where all
/// can leave.
class StopsHeld {
 public:
  StopsHeld();
  ~StopsHeld();
  StopsHeld(const StopsHeld&) = delete;
  StopsHeld& operator=(const StopsHeld&) = delete;
};

}  // namespace sbert
