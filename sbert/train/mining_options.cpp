#include "sbert/train/mining_options.h"

#include <limits>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/option_checks.h"

namespace sbert {

std::int64_t TrainingMiningOptions::last_refresh(std::int64_t step) const {
  if (!is_on() || step < start_step) return -1;
  return step - (step - start_step) % refresh_every_n_steps;
}

std::int64_t TrainingMiningOptions::next_refresh(std::int64_t step) const {
  constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  if (!is_on()) return kNever;
  if (step < start_step) return start_step;
  const std::int64_t last = last_refresh(step);
  return refresh_every_n_steps > kNever - last ? kNever : last + refresh_every_n_steps;
}

void TrainingMiningOptions::validate() const {
  check_at_least("model.mining.refresh_every_n_steps", refresh_every_n_steps, 0);
  check_at_least("model.mining.start_step", start_step, 0);
  check_at_least("model.mining.max_pool", max_pool, 0);
  for (const auto& [key, share] : {std::pair{"old", mix.old}, {"random", mix.random}}) {
    if (!(share >= 0 && share <= 1)) {
      fail(ErrorKind::kUsage, concat("model.mining.mix.", key, " must be from 0 to 1: ", share));
    }
  }
  if (mix.old + mix.random > 1) {
    fail(ErrorKind::kUsage, concat("model.mining.mix.old and model.mining.mix.random must be at "
                                   "most 1 together: ",
                                   mix.old + mix.random));
  }
  within("model.mining", [&] { FilterOptions::validate(); });
}

}  // namespace sbert
