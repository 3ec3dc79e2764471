#pragma once

#include <chrono>

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

namespace sbert {

/// The shared object beside the program in which NCCL is, and its one function.
inline constexpr const char* kNcclPlugin = "libsbert_nccl.so";
inline constexpr const char* kMakeNccl = "sbert_make_nccl";

struct NcclRequest {
  c10::intrusive_ptr<c10d::Store> store;
  int rank;
  int size;
  int device;  ///< the number of this process's GPU
  std::chrono::milliseconds timeout;
  c10::intrusive_ptr<c10d::Backend> backend{};  ///< the answer
};

using MakeNccl = void(NcclRequest& request);

}  // namespace sbert
