#pragma once

#include <cstdint>
#include <vector>

#include "sbert/dist/process_group.h"
#include "sbert/nn/tensor_fwd.h"

namespace sbert {

struct NamedTensor;

struct LossScalerOptions {
  double initial_scale = 4294967296.0;  ///< 2^32
  double growth_factor = 2.0;
  double backoff_factor = 0.5;
  std::int64_t growth_interval = 1'000;  ///< updates in a row without overflow before it grows
  std::int64_t hysteresis = 1;           ///< overflows before it is lowered
};

/// The factor on the loss that keeps float16 gradients from vanishing (Micikevicius et al., Mixed
/// precision training, 2018), with the numbers of NeMo's GradScaler. A step is:
/// backward of loss * scale(), unscale_and_check(), the optimizer's step if that was true,
/// update().
class LossScaler {
 public:
  /// All that a resumed run needs.
  struct State {
    double scale;
    std::int64_t growth_tracker = 0;  ///< updates without overflow since it changed
    std::int64_t hysteresis_tracker;  ///< overflows that are left before it is lowered

    bool operator==(const State&) const = default;
  };

  explicit LossScaler(const LossScalerOptions& options = {});

  double scale() const;

  /// Divides the gradients by scale(), in place. Parameters without a gradient take no part.
  /// @param group of which each process has other parameters
  /// @return whether all are finite, in all processes; if not, the step is to be left out
  bool unscale_and_check(const std::vector<NamedTensor>& parameters, ProcessGroup& group = alone());

  /// Ends a step: lowers the scale after an overflow, raises it after growth_interval steps
  /// without one, as far as float32 reaches.
  void update();

  const State& state() const;
  void set_state(const State& state);

 private:
  LossScalerOptions options_;
  State state_;
  bool has_overflow_ = false;  // of this step
};

}  // namespace sbert
