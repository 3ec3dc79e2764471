#include "sbert/dist/nccl_plugin.h"

#include <c10/cuda/CUDAFunctions.h>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

extern "C" c10::intrusive_ptr<c10d::Backend> sbert_make_nccl(
    const c10::intrusive_ptr<c10d::Store>& store,
    int rank,
    int size,
    int device,
    std::chrono::milliseconds timeout);

extern "C" c10::intrusive_ptr<c10d::Backend> sbert_make_nccl(
    const c10::intrusive_ptr<c10d::Store>& store,
    int rank,
    int size,
    int device,
    std::chrono::milliseconds timeout) {
  c10::cuda::set_device(static_cast<c10::DeviceIndex>(device));
  const auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = timeout;
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, options);
}

static_assert(std::is_same_v<decltype(sbert_make_nccl), sbert::MakeNccl>);
