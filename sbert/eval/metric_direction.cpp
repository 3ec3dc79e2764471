#include "sbert/eval/metric_direction.h"

namespace sbert {

std::optional<MetricDirection> metric_direction(std::string_view name) {
  const std::string_view last = name.substr(name.rfind('/') + 1);  // npos + 1 is 0
  if (last.ends_with("threshold")) return std::nullopt;
  if (last.ends_with("loss")) return MetricDirection::kLowerIsBetter;
  return MetricDirection::kHigherIsBetter;
}

}  // namespace sbert
