#pragma once

#include <optional>

#include "sbert/nn/dropout.h"
#include "sbert/nn/dropout_key.h"

namespace sbert {

/// Numbers the places where a pass may drop values, in the order in which it comes to them. A copy
/// resumes from the same place.
class DropoutSites {
 public:
  /// @param key        nullopt: nothing is dropped
  /// @param cu_seqlens [B + 1] int32, of the batch
  /// @throws Error(kInternal) if the key numbers more or fewer sequences
  DropoutSites(const std::optional<DropoutKey>& key, const Tensor& cu_seqlens);

  /// The next place.
  DropoutSite next(double rate);
  /// Passes over places.
  void skip(int count) { next_ += count; }

 private:
  std::optional<std::uint64_t> key_;
  Tensor sequences_;
  Tensor cu_seqlens_;
  int next_ = 0;
};

}  // namespace sbert
