#include "sbert/run/train_options.h"

#include <algorithm>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/run/metric_names.h"

namespace sbert {
namespace {

void check_monitor(const std::string& key,
                   const std::string& metric,
                   const std::vector<EvaluatorOptions>& evaluators) {
  for (const EvaluatorOptions& each : evaluators) {
    if (metric.starts_with(each.label() + '/')) return;
  }
  if (std::ranges::find(kValidationMetrics, metric) != kValidationMetrics.end()) return;
  std::string list;
  for (const std::string_view name : kValidationMetrics)
    list += concat(list.empty() ? "" : ", ", name);
  fail(ErrorKind::kUsage,
       concat("exp_manager.", key, ".monitor must be one of ", list, ": ", metric));
}

void validate_monitors(const ExpManagerOptions& options,
                       const std::vector<EvaluatorOptions>& evaluators) {
  check_monitor("checkpoint_callback_params", options.checkpoint_callback_params.monitor,
                evaluators);
  if (options.create_early_stopping_callback) {
    check_monitor("early_stopping_callback_params", options.early_stopping_callback_params.monitor,
                  evaluators);
  }
}

}  // namespace

void TrainOptions::validate() const {
  if (restore_from_path.empty()) {
    fail(ErrorKind::kUsage, "required: restore_from_path (the model to start from)");
  }
  trainer.validate();
  exp_manager.validate();
  validate_monitors(exp_manager, trainer.evaluators);
  model.validate();
  model.check_shares(trainer.devices * trainer.num_nodes);
}

}  // namespace sbert
