#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "sbert/base/stop_token.h"
#include "sbert/report/chart.h"

namespace sbert {

/// The metrics of a training run, each over its updates, in the order in which they first appear. x
/// is the step; y is NaN where the file has null.
using TrainingHistory = std::vector<Series>;

/// Reads a metrics.jsonl. A last line that is cut short, which a killed run leaves, is left out;
/// values that are neither numbers nor null are passed over.
/// @throws Error(kIo) if it cannot be read, Error(kInput) naming the line that is not an object
/// with a
///         step; Error(kCancelled) once a stop is requested
TrainingHistory read_training_history(const std::filesystem::path& path,
                                      const StopToken& stop = {});

/// The metric of that name; null if the run has none.
const Series* find_series(const TrainingHistory& history, std::string_view name);

}  // namespace sbert
