#pragma once

#include <filesystem>

#include "sbert/checkpoint/precision.h"
#include "sbert/model/text_model.h"

namespace sbert {

/// Reads the folder of a sentence-transformers Dense module: config.json and its weights,
/// linear.weight and linear.bias. activation_function is the path of a torch class; without one it
/// is Tanh.
/// @param width of what the module is given
/// @throws Error(kInput) naming the file and the key or tensor that is wrong or not supported
DenseLayer read_dense_module(const std::filesystem::path& folder, std::int64_t width);

/// Writes such a folder, which exists.
/// @throws Error(kIo), Error(kInput) as in_precision()
void write_dense_module(const DenseLayer& layer,
                        const std::filesystem::path& folder,
                        Precision precision);

}  // namespace sbert
