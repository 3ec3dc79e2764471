#pragma once

#include <array>
#include <string_view>

namespace sbert {

/// Names of the metrics that validate() gives.
inline constexpr std::array<std::string_view, 4> kValidationMetrics{"val_loss", "val_accuracy@1",
                                                                    "val_mrr@10", "val_ndcg@10"};

}  // namespace sbert
