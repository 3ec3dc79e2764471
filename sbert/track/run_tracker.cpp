#include "sbert/track/run_tracker.h"

#include <exception>

#include "sbert/base/concat.h"
#include "sbert/base/log.h"
#include "sbert/track/event_file.h"
#include "sbert/track/wandb_environment.h"
#include "sbert/track/wandb_logger.h"

namespace sbert {
namespace {

void warn_off(std::string_view name, const std::exception& error) {
  log_warning(concat(name, " gets no more of this run: ", error.what()));
}

}  // namespace

RunTracker::RunTracker(const std::filesystem::path& folder,
                       const TrackingOptions& options,
                       std::string_view config,
                       std::int64_t step)
    : metrics_(folder / "metrics.jsonl", step) {
  options.validate();
  if (options.create_tensorboard_logger) {
    open("TensorBoard", [&] { return std::make_unique<EventFile>(folder, config, step); });
  }
  if (!options.create_wandb_logger) return;
  const WandbEnvironment environment = read_wandb_environment();
  if (environment.mode == "disabled") return;
  open("Weights & Biases", [&] {
    return std::make_unique<WandbLogger>(folder, options.wandb_logger_kwargs, environment, config,
                                         step);
  });
}

RunTracker::~RunTracker() = default;

void RunTracker::log(std::int64_t step, const Metrics& metrics) {
  metrics_.write(step, metrics);
  for_each_place([&](MetricLogger& logger) { logger.log(step, metrics); });
}

void RunTracker::finish(int exit_code, const StopToken& stop) {
  for_each_place([&](MetricLogger& logger) { logger.finish(exit_code, stop); });
  places_.clear();
}

template <typename Make>
void RunTracker::open(std::string_view name, Make&& make) {
  try {
    places_.push_back({name, make()});
  } catch (const std::exception& error) {
    warn_off(name, error);
  }
}

// A place that fails once is given up: a disk that is full now would warn at every step.
template <typename Work>
void RunTracker::for_each_place(Work&& work) {
  std::erase_if(places_, [&](const Place& place) {
    try {
      work(*place.logger);
      return false;
    } catch (const std::exception& error) {
      warn_off(place.name, error);
      return true;
    }
  });
}

}  // namespace sbert
