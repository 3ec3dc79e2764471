#pragma once

#include <cstdint>
#include <vector>

#include "sbert/dist/process_group.h"
#include "sbert/nn/tensor_fwd.h"
#include "sbert/optim/parameter_settings.h"

namespace sbert {

struct NamedTensor;

struct AdamWOptions {
  double beta1 = 0.9;
  double beta2 = 0.98;
  double epsilon = 1e-8;
  double weight_decay = 0.01;
};

/// AdamW (Loshchilov and Hutter, 2019) by torch's fused kernel.
class AdamW {
 public:
  /// @param parameters updated in place; each needs a .grad() when step() is called
  /// @param settings   one a parameter, in their order
  /// @throws Error(kInternal) if there are more or fewer
  AdamW(std::vector<NamedTensor> parameters,
        const std::vector<ParameterSetting>& settings,
        const AdamWOptions& options);
  ~AdamW();
  AdamW(AdamW&&) noexcept;

  /// One update with this learning rate, times each parameter's lr_scale.
  void step(double lr);
  /// Drops the gradients.
  void zero_grad();

  /// Updates done so far. Set on resume, together with the tensors of state().
  std::int64_t step_count() const;
  void set_step_count(std::int64_t count);
  /// The optimizer's own tensors: "exp_avg.<name>" and "exp_avg_sq.<name>" of each parameter.
  std::vector<NamedTensor> state() const;

 private:
  struct Group;
  std::vector<NamedTensor> parameters_;
  std::vector<Group> groups_;
  AdamWOptions options_;
  std::int64_t step_count_ = 0;
};

/// Scales all gradients so that their common L2 norm is at most `max_norm`: by
/// max_norm / (norm + 1e-6) if that is below 1. No limit if max_norm is 0. A parameter without a
/// gradient takes no part.
/// @param group of which each process has other parameters, all of them under one norm
/// @return the norm before, 0 if there is no gradient
double clip_gradients(const std::vector<NamedTensor>& parameters,
                      double max_norm,
                      ProcessGroup& group = alone());

}  // namespace sbert
