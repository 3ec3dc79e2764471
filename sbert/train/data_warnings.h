#pragma once

#include <string>
#include <vector>

#include "sbert/data/example_file.h"
#include "sbert/loss/loss_options.h"

namespace sbert {

/// What the files give that the loss has no use for, or not with these values: one line each, with
/// the name of the loss and the key.
/// @throws Error(kInput) if a class is not from 0 to model.loss.num_labels - 1
std::vector<std::string> data_warnings(const std::vector<ExampleFile>& files,
                                       const LossOptions& loss);

}  // namespace sbert
