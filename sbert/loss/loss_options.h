#pragma once

#include <string>
#include <tuple>

#include "sbert/base/field.h"

namespace sbert {

/// model.loss.*: what training minimizes.
struct LossOptions {
  std::string name = "contrastive";
  double temperature = 0.05;   ///< scores are divided by it
  double label_smoothing = 0;  ///< share of the target given to all documents alike

  static constexpr auto fields() {
    using Self = LossOptions;
    return std::tuple{
        field("name", &Self::name, "contrastive"),
        field("temperature", &Self::temperature, "scores are divided by it"),
        field("label_smoothing", &Self::label_smoothing,
              "share of the target given to all documents"),
    };
  }
};

}  // namespace sbert
