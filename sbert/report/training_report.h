#pragma once

#include <filesystem>
#include <string>

#include "sbert/base/stop_token.h"

namespace sbert {

/// The page of a training run, by the metrics.jsonl and, if it is there, the hparams.yaml of its
/// folder: loss, learning rate, validation metrics, throughput, where the time went, settings.
/// @throws Error(kIo) if there is no metrics.jsonl, Error(kInput) if one of the two is malformed;
///         Error(kCancelled)
std::string training_report(const std::filesystem::path& run_folder, const StopToken& stop = {});

/// Writes that page whole or not at all.
/// @throws Error(kIo) also if the page cannot be written
void write_training_report(const std::filesystem::path& run_folder,
                           const std::filesystem::path& path,
                           const StopToken& stop = {});

}  // namespace sbert
