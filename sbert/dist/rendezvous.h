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
#include "sbert/dist/heartbeat.h"

namespace sbert {

/// Why a process leaves the others before the end.
struct FailureReport {
  ErrorKind kind = ErrorKind::kIo;
  std::string text;
};

/// Which processes are present, and which left first, and why. Each has a heartbeat; the store,
/// which rank 0 or the launcher keeps, has their addresses and the first failure.
/// No call waits longer than it says here, whatever happens to the others.
class Rendezvous {
 public:
  /// Opens the store and signs in.
  /// @param timeout for that, and for wait_for_all()
  /// @param stop    ends both
  /// @throws Error(kIo) if the store cannot be reached; Error(kCancelled)
  Rendezvous(const Membership& self, std::chrono::seconds timeout, StopToken stop = {});
  /// A process that keeps the store and leaves early stays some seconds, for the others to read
  /// why.
  ~Rendezvous();
  Rendezvous(const Rendezvous&) = delete;
  Rendezvous& operator=(const Rendezvous&) = delete;

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
  FailureReport find_cause(const std::string& line);

 private:
  std::optional<std::string> told();
  FailureReport keep_first(const FailureReport& own);
  FailureReport find_missing(const std::string& line);
  FailureReport store_is_gone() const;
  std::vector<int> without(const char* key);
  std::string those(const std::vector<int>& ranks) const;
  void find_heartbeats(const std::vector<int>& absent);
  bool keeps_store() const;

  Membership self_;
  std::chrono::seconds timeout_;
  StopToken stop_;
  Heartbeat heartbeat_;
  c10::intrusive_ptr<c10d::Store> store_;
  std::vector<HeartbeatPlace> others_;  // by rank; none: this process, and those that did not come
  std::mutex mutex_;                    // of what follows
  std::optional<FailureReport> cause_;  // this process leaves
};

}  // namespace sbert
