#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "sbert/dist/socket.h"

namespace sbert {

/// Where a beacon stands; port 0: nowhere.
struct BeaconPlace {
  std::string address;
  int port = 0;
};

/// The sign that a process is there: a socket that listens, and that the kernel closes when the
/// process ends, however it ends. Nobody has to answer, so one that is busy is there too.
class Beacon {
 public:
  /// @param address of this machine, as numbers
  /// @throws Error(kIo) if one cannot listen there
  explicit Beacon(const std::string& address);
  const BeaconPlace& place() const { return place_; }

 private:
  Socket socket_;
  BeaconPlace place_;
};

/// Watches beacons for some time, or until all of them are out.
/// @return of each whether it is out: it cannot be reached, or it was but no longer is
std::vector<bool> find_beacons_out(const std::vector<BeaconPlace>& places,
                                   std::chrono::milliseconds time);

}  // namespace sbert
