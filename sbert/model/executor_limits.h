#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "sbert/model/encoder_spec.h"

namespace sbert {

/// Refuses what an executor cannot run, by the name of the field.
class ExecutorLimits {
 public:
  /// @param executor for messages: "the CPU encoder"
  explicit ExecutorLimits(std::string_view executor) : executor_(executor) {}

  /// Of the fields that follow: "layers.3.attention.".
  void enter(std::string prefix) { prefix_ = std::move(prefix); }
  /// @throws Error(kInput) "layers.3.attention.rope: the CPU encoder does not run rotary positions"
  void require(bool can_run, std::string_view field, std::string_view what) const;

 private:
  std::string_view executor_;
  std::string prefix_;
};

/// "layers.3."
std::string layer_prefix(std::size_t layer);

/// What neither executor runs.
/// @throws Error(kInput) naming the field
void check_common_limits(const EncoderSpec& spec, ExecutorLimits& limits);

}  // namespace sbert
