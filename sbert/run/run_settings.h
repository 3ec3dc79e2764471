#pragma once

#include <map>
#include <string>

#include "sbert/model/text_model.h"
#include "sbert/nn/compute_precision.h"
#include "sbert/run/train_options.h"

namespace sbert {

/// Settings that must stay as they are for as long as a run goes on, by key: those that say which
/// tensors there are and what they mean. A state keeps them.
using RunSettings = std::map<std::string, std::string>;

/// The loss, adapters, frozen parts, the moving average, the precision and the base model: its path
/// and a hash of its weights.
RunSettings run_settings(const TrainOptions& options,
                         ComputePrecision precision,
                         const TextModel& start);

/// What differs, for a message: "model.loss.name: was contrastive, now cosine; ...". Empty if
/// nothing does. The path of the base model may differ if the weights are the same.
std::string describe_changes(const RunSettings& then, const RunSettings& now);

}  // namespace sbert
