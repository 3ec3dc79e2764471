#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sbert/dist/process_group.h"
#include "sbert/dist/shares.h"
#include "sbert/nn/tensor_fwd.h"
#include "sbert/optim/adamw.h"
#include "sbert/optim/parameter_settings.h"

namespace sbert {

struct NamedTensor;

/// AdamW whose state, two averages, is sharded over the processes of a group (stage 1 of ZeRO:
/// Rajbhandari et al., 2020, "ZeRO: Memory Optimizations Toward Training Trillion Parameter
/// Models"). A process keeps the averages of its share() of each parameter's elements, updates
/// these elements, and gets the others from the processes that own them. With alone() it is AdamW.
///
/// All processes make the same calls with the same parameters, and with the same gradients of a
/// parameter or each with that of its part.
class DistributedAdamW {
 public:
  /// @param parameters contiguous, updated in place; each needs a .grad() when step() is called, or
  ///                   its part does
  /// @param settings   one a parameter, in their order
  /// @param group      outlives this
  /// @throws Error(kInternal) if there are more or fewer settings
  DistributedAdamW(std::vector<NamedTensor> parameters,
                   const std::vector<ParameterSetting>& settings,
                   const AdamWOptions& options,
                   ProcessGroup& group);
  ~DistributedAdamW();
  DistributedAdamW(const DistributedAdamW&) = delete;
  DistributedAdamW& operator=(const DistributedAdamW&) = delete;

  /// This process's part of each parameter, [elements]: views, with a .grad() of their own.
  const std::vector<NamedTensor>& parts() const { return parts_; }
  /// Over which the state is sharded.
  ProcessGroup& group() const { return group_; }

  /// Moves the .grad() of a parameter, where it has one, to its part: what is not of the part goes.
  void take_gradients();
  /// One update with this learning rate, times each parameter's lr_scale.
  void step(double lr);
  /// Drops the gradients.
  void zero_grad();

  /// Whether a process keeps only a part of the averages.
  bool is_sharded() const { return group_.size() > 1; }
  std::int64_t step_count() const;

  /// "exp_avg.<name>" and "exp_avg_sq.<name>" of each parameter, in its shape. Of several processes
  /// the leader gets all of them, copies on the CPU; the others get none. Alone, they are the
  /// optimizer's own.
  std::vector<NamedTensor> state() const;
  /// Takes over averages that an optimizer of any number of processes had.
  /// @param state of the leader: tensors of state(), among others; of the rest, not read
  void resume(const std::vector<NamedTensor>& state, std::int64_t step_count);

 private:
  Range own_of(const Tensor& parameter) const;
  const Tensor& parameter_of(const std::string& state_name) const;
  std::vector<std::int64_t> counts_of(const Tensor& parameter) const;
  void gather_values();

  ProcessGroup& group_;
  std::vector<NamedTensor> parameters_;
  std::vector<NamedTensor> parts_;
  std::unique_ptr<AdamW> own_;  // of this process's elements
};

}  // namespace sbert
