#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "sbert/dist/process_group.h"
#include "sbert/nn/named_tensor.h"

namespace sbert {

/// Adds up the gradients of the workers of a process and of the processes of a group, while the
/// last backward passes still go on: parameters stand in buckets, from the last of the network to
/// the first, and a bucket is sent when all its gradients are there (Li et al., 2020, "PyTorch
/// Distributed: Experiences on Accelerating Data Parallel Training"). Workers are added up in order
/// and buckets are sent in order, so that the same calls give the same bits.
///
/// A process on its own adds up when all passes are done. Gradients of rows alone (sparse tensors)
/// become whole in the sum.
class GradientBuckets {
 public:
  /// @param parameters   get the sums, in the order of the network
  /// @param copies       of each worker the leaves that its passes put gradients into, in the order
  ///                     of the parameters
  /// @param group        outlives this
  /// @param bucket_bytes of a bucket; a larger parameter has one of its own
  /// @param parts        of several processes that share out the gradients: this one's part of each
  ///                     parameter, which gets the sums in its place. None: each has all sums
  GradientBuckets(NamedTensors parameters,
                  std::vector<NamedTensors> copies,
                  ProcessGroup& group,
                  std::int64_t bucket_bytes,
                  NamedTensors parts = {});
  ~GradientBuckets();
  GradientBuckets(const GradientBuckets&) = delete;
  GradientBuckets& operator=(const GradientBuckets&) = delete;

  /// Adds what the workers have to the sums, so that their memory is free in the next passes: to be
  /// called when all passes before are done.
  void add_up();

  /// Declares that the next backward passes, one by each of the first `workers` workers, are the
  /// last: to be called when the passes before are done.
  void expect_last(std::size_t workers);

  /// Ends what is under way: the sums are in the .grad() of the parameters or of their parts, the
  /// workers have none.
  /// A parameter that no worker of any process has a gradient of has none; of several processes,
  /// zeros.
  /// @throws Error(kIo) when another process is gone
  void finish();

 private:
  struct Bucket;
  struct Hook;

  void note_gradient(std::size_t bucket);
  void send_ready();
  void add_up_workers(Bucket& bucket);
  void send(Bucket& bucket);
  void receive(Bucket& bucket);

  NamedTensors parameters_;
  NamedTensors parts_;
  std::vector<NamedTensors> copies_;
  ProcessGroup& group_;
  std::vector<Bucket> buckets_;
  std::size_t num_sent_ = 0;
  bool is_last_ = false;  // gradients are noted
  std::mutex mutex_;      // of the buckets and the two above, while passes go on
};

}  // namespace sbert
