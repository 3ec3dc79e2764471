#pragma once

#include <optional>
#include <string_view>

namespace sbert {

enum class MetricDirection { kLowerIsBetter, kHigherIsBetter };

/// Which values of a metric are better: of a loss the lower, of every metric of the tasks the
/// higher.
/// @param name as it stands in metrics.jsonl: "val_loss", "val_mrr@10", "stsb/spearman_cosine"
/// @return nothing of a threshold, of which neither is
std::optional<MetricDirection> metric_direction(std::string_view name);

}  // namespace sbert
