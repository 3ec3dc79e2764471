#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "sbert/dist/socket.h"

namespace sbert {

/// Address of a heartbeat; port 0: none.
struct HeartbeatPlace {
  std::string address;
  int port = 0;
};

/// Shows that a process is alive: a listening socket, which the kernel closes when the process
/// ends, however it ends. No answer is needed, so a busy process counts as alive.
class Heartbeat {
 public:
  /// @param address of this machine, as numbers
  /// @throws Error(kIo) if one cannot listen there
  explicit Heartbeat(const std::string& address);
  const HeartbeatPlace& place() const { return place_; }

 private:
  Socket socket_;
  HeartbeatPlace place_;
};

/// Watches heartbeats for some time, or until all of them have stopped.
/// @return of each whether it has stopped: it cannot be reached, or no longer
std::vector<bool> find_stopped_heartbeats(const std::vector<HeartbeatPlace>& places,
                                          std::chrono::milliseconds time);

}  // namespace sbert
