#pragma once

#include <string>

#include "sbert/model/inference_encoder.h"
#include "sbert/model/sentence_model.h"

namespace sbert {

inline constexpr const char* kPrecisionHelp =
    "of the matrix products: 32; int8 on the CPU, faster and nearly as good; bf16 or 16 on a GPU";
inline constexpr const char* kDeviceHelp = "auto (a GPU if there is one), cpu, cuda or cuda:N";

/// The model of a command's --model, on the device of its --device.
/// @param local_rank of this process among those of its machine, which each have a GPU
SentenceModel load_model_on(const std::string& path, const std::string& device, int local_rank = 0);

/// The same, computing in the type of its --precision: int8 on the CPU, whatever GPU there is.
/// @throws Error(kUsage) if the device that is asked for does not compute in it
SentenceModel load_model_on(const std::string& path,
                            const std::string& device,
                            const std::string& precision,
                            int local_rank = 0);

/// What it means to an Embedder.
InferencePrecision inference_precision(const std::string& precision);

}  // namespace sbert
