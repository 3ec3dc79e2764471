#include "sbert/run/run_end.h"

#include <cstdint>
#include <vector>

#include <ATen/ATen.h>

namespace sbert {

std::optional<RunEnd> EarlyEnd::reason() const {
  const double elapsed = std::chrono::duration<double>(Clock::now() - start_).count();
  const bool is_time_up = max_seconds_ && elapsed >= *max_seconds_;
  const Tensor votes =
      at::tensor(std::vector<std::int64_t>{stop_.stop_requested() ? 1 : 0, is_time_up ? 1 : 0});
  group_.sum({votes});
  if (votes[0].item<std::int64_t>() > 0) return RunEnd::kAskedToStop;
  if (votes[1].item<std::int64_t>() > 0) return RunEnd::kTimeIsUp;
  return std::nullopt;
}

}  // namespace sbert
