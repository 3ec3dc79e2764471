#pragma once

#include <string>
#include <vector>

#include "sbert/eval/evaluation.h"

namespace sbert {

/// What a task measured of a model.
struct ModelEvaluation {
  std::string model;  ///< as the user named it
  Evaluation evaluation;
};

// Both have at least one evaluation, all of the same task and data.

/// A column a model, a row a metric, of the metrics that people compare; of two models also the
/// second's gain over the first.
std::string table_of(const std::vector<ModelEvaluation>& evaluations);

/// An object for one model, else an array: "model", "task", the counts, then all metrics by name. A
/// metric that is not defined is null.
/// @param indent spaces a level; below 0: all on one line
std::string json_of(const std::vector<ModelEvaluation>& evaluations, int indent);

}  // namespace sbert
