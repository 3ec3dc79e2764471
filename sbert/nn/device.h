#pragma once

#include <string>

namespace c10 {
struct Device;
}  // namespace c10

namespace sbert {

/// The device that a word names: "cpu"; "cuda" or "gpu", the first GPU; "cuda:1", another; "auto",
/// the first GPU that can be used, else the CPU. Torch's half for GPUs is loaded when a GPU is to
/// be used, and not before.
/// @param local_rank of a process among those of its machine: "cuda", "gpu" and "auto" mean the GPU
///                   of this number for it
/// @throws Error(kUsage) if the word is another one, or if the GPU cannot be used: what was looked
///         for, and what was found
c10::Device choose_device(const std::string& wanted, int local_rank = 0);

/// For people: "the CPU, 4 threads", "cuda:0 (NVIDIA H100 80GB HBM3)".
std::string device_text(const c10::Device& device);

/// Whether the GPU multiplies bfloat16 matrices, and has attention kernels for 16 bits.
bool gpu_supports_bfloat16(const c10::Device& device);

}  // namespace sbert
