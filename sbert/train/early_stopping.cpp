#include "sbert/train/early_stopping.h"

#include <cmath>

namespace sbert {

bool note_validation(const EarlyStoppingOptions& options, double score, RunPosition& position) {
  if (!std::isfinite(score)) return true;
  const double gain =
      options.mode == "min" ? position.best_score - score : score - position.best_score;
  if (std::isnan(position.best_score) || gain > options.min_delta) {
    position.best_score = score;
    position.validations_since_best = 0;
    return false;
  }
  ++position.validations_since_best;
  return position.validations_since_best >= options.patience;
}

}  // namespace sbert
