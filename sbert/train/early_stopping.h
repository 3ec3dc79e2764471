#pragma once

#include "sbert/train/exp_manager_options.h"
#include "sbert/train/training_state.h"

namespace sbert {

/// Takes note of a validation's value of the monitored metric in the position.
/// @return true if the run is to end: `patience` validations in a row were not better than the best
///         one by more than min_delta, or the value is no number
bool note_validation(const EarlyStoppingOptions& options, double score, RunPosition& position);

}  // namespace sbert
