#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <torch/csrc/distributed/c10d/Store.hpp>

#include "sbert/base/error.h"
#include "sbert/base/stop_token.h"
#include "sbert/config/membership.h"
#include "sbert/dist/beacon.h"

namespace sbert {

/// Why a process leaves the others before the end.
struct Departure {
  ErrorKind kind = ErrorKind::kIo;
  std::string text;
};

/// Who of the processes is there, and which was the first to leave, and why. Each has a beacon; the
/// store, which rank 0 or the launcher keeps, says where these stand and what departure was first.
/// No call waits longer than it says here, whatever happens to the others.
class Roster {
 public:
  /// Opens the store and signs in.
  /// @param timeout for that, and for wait_for_all()
  /// @param stop    ends both
  /// @throws Error(kIo) if the store cannot be reached; Error(kCancelled)
  Roster(const Membership& self, std::chrono::seconds timeout, StopToken stop = {});
  /// A process that keeps the store and leaves early stays some seconds, for the others to read
  /// why.
  ~Roster();
  Roster(const Roster&) = delete;
  Roster& operator=(const Roster&) = delete;

  /// @throws Error naming those that are not there in time, or the one that left;
  ///         Error(kCancelled), which the others are told
  void wait_for_all();

  /// For all else that the processes have to tell each other before they are connected.
  const c10::intrusive_ptr<c10d::Store>& store() const { return store_; }

  /// Says why this process leaves, unless another one did before. Takes some seconds at most.
  void tell(ErrorKind kind, const std::string& line);
  /// Finds out why a call between the processes failed, in some seconds: by what the first to leave
  /// said, else by who is gone, else by who does not take part in the call. After that, this
  /// process is one that leaves too.
  /// @param line what the call said
  Departure find_cause(const std::string& line);

 private:
  std::optional<std::string> told();
  Departure keep_first(const Departure& own);
  Departure find_missing(const std::string& line);
  Departure store_is_gone() const;
  std::vector<int> without(const char* key);
  std::string those(const std::vector<int>& ranks) const;
  void find_beacons(const std::vector<int>& absent);
  bool keeps_store() const;

  Membership self_;
  std::chrono::seconds timeout_;
  StopToken stop_;
  Beacon beacon_;
  c10::intrusive_ptr<c10d::Store> store_;
  std::vector<BeaconPlace> others_;  // by rank; nowhere: this process, and who did not come
  std::mutex mutex_;                 // of what follows
  std::optional<Departure> cause_;   // this process leaves
};

}  // namespace sbert
