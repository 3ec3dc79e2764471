#pragma once

#include <array>
#include <string_view>

namespace sbert {

/// Names of the metrics that validate() gives.
inline constexpr std::string_view kLossMetric = "val_loss";
inline constexpr std::array<std::string_view, 3> kRankingMetrics{"val_accuracy@1", "val_mrr@10",
                                                                 "val_ndcg@10"};
inline constexpr std::array<std::string_view, 4> kValidationMetrics{
    kLossMetric, kRankingMetrics[0], kRankingMetrics[1], kRankingMetrics[2]};

}  // namespace sbert
