#pragma once

namespace sbert {

/// The instruction sets that kernels are compiled for, each with all that the one before it has.
enum class CpuVariant { kGeneric, kAvx2, kAvx512, kAvx512Vnni, kAmx };

const char* cpu_variant_name(CpuVariant variant);

/// Whether this processor and its operating system have the instructions.
bool supports(CpuVariant variant);

/// The best that this processor has, or the one that the environment variable SBERT_CPU names.
/// @throws Error(kUsage) if SBERT_CPU names none, or one that the processor lacks
CpuVariant chosen_cpu_variant();

}  // namespace sbert
