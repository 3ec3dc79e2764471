#include "sbert/dist/nccl_plugin.h"

#include <c10/cuda/CUDAFunctions.h>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

extern "C" void sbert_make_nccl(sbert::NcclRequest& request);

extern "C" void sbert_make_nccl(sbert::NcclRequest& request) {
  c10::cuda::set_device(static_cast<c10::DeviceIndex>(request.device));
  const auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = request.timeout;
  request.backend = c10::make_intrusive<c10d::ProcessGroupNCCL>(request.store, request.rank,
                                                                request.size, options);
}

static_assert(std::is_same_v<decltype(sbert_make_nccl), sbert::MakeNccl>);
