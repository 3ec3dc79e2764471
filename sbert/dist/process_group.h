#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "sbert/base/error.h"
#include "sbert/base/stop_token.h"
#include "sbert/nn/tensor_fwd.h"

namespace c10 {
struct Device;
}  // namespace c10

namespace sbert {

struct Membership;

/// A sum over the processes that is under way.
class PendingSum {
 public:
  virtual ~PendingSum() = default;
  /// Returns when the sum is in the tensors. To be called once.
  virtual void wait() = 0;
};

/// A sum over the processes that is under way, of which each process gets its share alone.
class PendingShares {
 public:
  virtual ~PendingShares() = default;
  /// Returns when the sum is there. To be called once.
  /// @return of each tensor the sums of the process's share() of its elements, [elements]
  virtual std::vector<Tensor> wait() = 0;
};

/// What a process had to do with the others so far.
struct Traffic {
  double wait_seconds = 0;      ///< in calls that waited; NCCL's wait is the GPU's and is not in it
  std::int64_t bytes_sent = 0;  ///< reckoned: sums and gathered parts by a ring
};

/// Processes that work together. All of them make the same calls in the same order; each call waits
/// for the others. A call throws an Error when another process is gone or does not come within the
/// time limit: it names that process, and has the kind and the line of what that one said with
/// tell_failure(), else kIo.
class ProcessGroup {
 public:
  virtual ~ProcessGroup() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;

  /// Puts the sum over the processes into the tensors. The same bits in each process.
  /// @param tensors the same shapes and types in each process
  void sum(const std::vector<Tensor>& tensors);
  /// Begins the same, as one message. The tensors are to be left alone until the wait().
  /// @param tensors at least one, of one type, on one device
  virtual std::unique_ptr<PendingSum> begin_sum(std::vector<Tensor> tensors) = 0;
  /// Begins a sum for half of what that sends, as one message. The same calls give the same bits.
  /// @param tensors at least one, of one type, on one device; need not be kept until the wait()
  virtual std::unique_ptr<PendingShares> begin_sum_of_shares(
      const std::vector<Tensor>& tensors) = 0;
  /// Puts the values of the process of rank 0 into the tensors.
  virtual void broadcast(const std::vector<Tensor>& tensors) = 0;
  /// The parts of all processes, in the order of their ranks.
  /// @param part   [n, ...]
  /// @param counts n of each process
  virtual std::vector<Tensor> gather(const Tensor& part,
                                     const std::vector<std::int64_t>& counts) = 0;

  /// Says to the others why this process leaves. Returns in some seconds.
  virtual void tell_failure(ErrorKind kind, const std::string& line) = 0;

  virtual Traffic traffic() const = 0;

  /// Writes files and prints, for all.
  bool is_leader() const { return rank() == 0; }
  /// Whether it holds in any of the processes.
  bool any(bool holds);
};

/// A process on its own: no call waits or needs a network.
ProcessGroup& alone();

/// Runs the process's part of what all do, and tells the others why if it fails.
template <typename Work>
auto run_collective(ProcessGroup& group, Work&& work) {
  try {
    return work();
  } catch (const Error& error) {
    group.tell_failure(error.kind(), error.what());
    throw;
  } catch (const std::exception& error) {
    group.tell_failure(ErrorKind::kInternal, error.what());
    throw;
  }
}

/// Connects to the other processes: by NCCL if they compute on GPUs and libsbert_nccl.so is there,
/// else by Gloo, with tensors of a GPU going by way of the CPU. From then on this process ignores
/// SIGPIPE, unless it has a handler for it.
/// @param device          where this process computes
/// @param timeout_seconds for the start of the last process, and for each call
/// @param stop            ends the wait for the others
/// @throws Error if they do not come together in that time, naming those that did not come;
///         Error(kCancelled)
std::unique_ptr<ProcessGroup> connect(const Membership& membership,
                                      const c10::Device& device,
                                      int timeout_seconds,
                                      const StopToken& stop = {});

}  // namespace sbert
