#pragma once

#include <string>
#include <vector>

#include "sbert/eval/comparison.h"

namespace sbert {

// Both have at least one evaluation, all of the same task and data, named as the user named the
// model.

/// A column a model, a row a metric, of the metrics that people compare; of two models also the
/// second's gain over the first. Below, of several, each is compared with the first by the main
/// metric.
/// @param comparison of compare(); may be empty for one model
std::string table_of(const std::vector<NamedEvaluation>& evaluations,
                     const std::vector<ComparisonRow>& comparison);

/// An object for one model, else an array: "model", "task", the counts, then all metrics by name. A
/// metric that is not defined is null. All models but the first have a "comparison" with it.
/// @param indent spaces a level; below 0: all on one line
std::string json_of(const std::vector<NamedEvaluation>& evaluations,
                    const std::vector<ComparisonRow>& comparison,
                    int indent);

}  // namespace sbert
