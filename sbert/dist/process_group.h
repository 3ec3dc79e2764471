#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sbert/base/tensor_fwd.h"

namespace c10 {
struct Device;
}  // namespace c10

namespace sbert {

struct Membership;

/// Processes that work together. All of them make the same calls in the same order; each call waits
/// for the others. A call throws Error(kIo) when another process is gone or does not come within
/// the time limit.
class ProcessGroup {
 public:
  virtual ~ProcessGroup() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;

  /// Puts the sum over the processes into the tensors. The same bits in each process.
  /// @param tensors the same shapes and types in each process
  virtual void sum(const std::vector<Tensor>& tensors) = 0;
  /// Puts the values of the process of rank 0 into the tensors.
  virtual void broadcast(const std::vector<Tensor>& tensors) = 0;
  /// The parts of all processes, in the order of their ranks.
  /// @param part   [n, ...]
  /// @param counts n of each process
  virtual std::vector<Tensor> gather(const Tensor& part,
                                     const std::vector<std::int64_t>& counts) = 0;

  /// Writes files and prints, for all.
  bool is_leader() const { return rank() == 0; }
  /// Whether it holds in any of the processes.
  bool any(bool holds);
};

/// A process on its own: no call waits or needs a network.
ProcessGroup& alone();

/// Connects to the other processes: by NCCL if they compute on GPUs and libsbert_nccl.so is there,
/// else by Gloo, with tensors of a GPU going by way of the CPU.
/// @param device          where this process computes
/// @param timeout_seconds for the start of the last process, and for each call
/// @throws Error(kIo) if they do not come together in that time
std::unique_ptr<ProcessGroup> connect(const Membership& membership,
                                      const c10::Device& device,
                                      int timeout_seconds);

}  // namespace sbert
