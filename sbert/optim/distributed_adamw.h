#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sbert/base/tensor_fwd.h"
#include "sbert/dist/process_group.h"
#include "sbert/optim/adamw.h"
#include "sbert/optim/parameter_settings.h"

namespace sbert {

struct NamedTensor;

/// AdamW whose two averages are shared out over the processes of a group (stage 1 of ZeRO:
/// Rajbhandari et al., 2020, "ZeRO: Memory Optimizations Toward Training Trillion Parameter
/// Models"). Of the n elements of a parameter, process r of W keeps the averages of those from
/// n r / W to n (r + 1) / W, updates these, and gets the others from the processes that did. With
/// alone() it is AdamW.
///
/// All processes make the same calls with the same parameters and gradients.
class DistributedAdamW {
 public:
  /// @param parameters contiguous, updated in place; each needs a .grad() when step() is called
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

  /// One update with this learning rate, times each parameter's lr_scale.
  void step(double lr);
  /// Drops the gradients.
  void zero_grad();

  /// Whether a process keeps but a part of the averages.
  bool is_shared_out() const { return group_.size() > 1; }
  std::int64_t step_count() const;
  /// Bytes of the averages that this process keeps.
  std::int64_t state_bytes() const;

  /// "exp_avg.<name>" and "exp_avg_sq.<name>" of each parameter, in its shape. Of several processes
  /// the leader gets all of them, copies on the CPU; the others get none. Alone, they are the
  /// optimizer's own.
  std::vector<NamedTensor> state() const;
  /// Takes over averages that an optimizer of any number of processes had.
  /// @param state of the leader: tensors of state(), among others; of the rest, not read
  void resume(const std::vector<NamedTensor>& state, std::int64_t step_count);

 private:
  struct Parameter;

  const Parameter& parameter_of(const std::string& state_name) const;
  std::vector<std::int64_t> counts_of(const Parameter& parameter) const;
  void gather_values();

  ProcessGroup& group_;
  std::vector<Parameter> parameters_;
  std::unique_ptr<AdamW> own_;  // of this process's elements
};

}  // namespace sbert
