#pragma once

#include "sbert/data/example_set.h"
#include "sbert/train/model_options.h"

namespace sbert {

/// Checks that the records have what model.loss is of, so that no update finds out later: labels or
/// scores, a teacher's scores, hard negatives (unless they are mined), and for a classifier labels
/// that are classes, for which all records are read.
/// @throws Error(kUsage) naming the file and what its records lack; Error(kInput) naming the record
///         whose label is no class
void check_loss_data(const ExampleSet& examples, const ModelOptions& options);

}  // namespace sbert
