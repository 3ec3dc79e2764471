#include "sbert/train/throughput.h"

#include <numeric>

#include <ATen/ATen.h>

#include "sbert/base/concat.h"

namespace sbert {

void PhaseClock::restart() {
  seconds_ = {};
  since_ = Clock::now();
}

void PhaseClock::enter(Phase phase) {
  const Clock::time_point now = Clock::now();
  seconds_[static_cast<std::size_t>(phase_)] += std::chrono::duration<double>(now - since_).count();
  since_ = now;
  phase_ = phase;
}

double PhaseClock::total() const {
  return std::accumulate(seconds_.begin(), seconds_.end(), 0.0);
}

double PhaseClock::training() const {
  return seconds(Phase::kData) + seconds(Phase::kGradient) + seconds(Phase::kOptimizer);
}

Metrics PhaseClock::shares() const {
  constexpr std::array<const char*, kNumPhases> kNames{
      "other", "data", "gradient", "optimizer", "validation", "save", "mining"};
  Metrics metrics;
  for (std::size_t i = 0; i < kNames.size(); ++i)
    metrics.push_back({concat("time_share/", kNames[i]), total() > 0 ? seconds_[i] / total() : 0});
  return metrics;
}

void Throughput::restart() {
  steps_ = 0;
  tokens_ = 0;
  before_ = group_.traffic();
}

void Throughput::add(const std::vector<MicroBatch>& micro_batches) {
  ++steps_;
  for (const MicroBatch& batch : micro_batches)
    tokens_ += batch.tokens.num_tokens();
}

Metrics Throughput::metrics(const PhaseClock& clock) const {
  const Traffic now = group_.traffic();
  const Tensor tokens = at::scalar_tensor(tokens_, at::kLong);
  group_.sum({tokens});
  const double seconds = clock.training();
  const auto steps = static_cast<double>(steps_);
  Metrics metrics{
      {"train_step_timing in s", seconds / steps},
      {"tokens_per_second", static_cast<double>(tokens.item<std::int64_t>()) / seconds}};
  const Metrics shares = clock.shares();
  metrics.insert(metrics.end(), shares.begin(), shares.end());
  if (group_.size() > 1) {
    metrics.push_back(
        {"communication_wait_share", (now.wait_seconds - before_.wait_seconds) / clock.total()});
    metrics.push_back({"communication_bytes_per_step",
                       static_cast<double>(now.bytes_sent - before_.bytes_sent) / steps});
  }
  return metrics;
}

}  // namespace sbert
