#pragma once

#include "sbert/cli/backend.h"

namespace sbert {

/// Models that compute on this process's cores.
class CpuModels final : public Models {
 public:
  /// @throws Error(kUsage) if the CPU does not compute in the precision of the options
  explicit CpuModels(const EncodingOptions& options);

  std::vector<std::unique_ptr<TextEmbedder>> open(const std::vector<std::string>& paths) override;
  const ComputeContext& context() const override { return context_; }

 private:
  const EncodingOptions& options_;
  WorkerPool pool_;
  ComputeContext context_;
};

}  // namespace sbert
