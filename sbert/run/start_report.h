#pragma once

#include <string>

#include "sbert/run/run_plan.h"
#include "sbert/run/train_options.h"

namespace sbert {

/// What a run begins with: "batches of 64 questions, in micro batches of 16; loss contrastive,
/// ...".
std::string batch_text(const ModelOptions& options);

/// How the learning rate goes: "learning rate 2e-05, CosineAnnealing: up in 10 updates, down to 0".
std::string schedule_text(const RunPlan& plan, double lr);

}  // namespace sbert
