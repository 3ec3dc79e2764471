#pragma once

#include <c10/core/Device.h>

#include "sbert/cli/backend.h"

namespace sbert {

/// Models that compute on a GPU, with texts made into ids on this process's cores.
class GpuModels final : public Models {
 public:
  GpuModels(const EncodingOptions& options, const c10::Device& device);

  std::vector<std::unique_ptr<TextEmbedder>> open(const std::vector<std::string>& paths) override;
  const ComputeContext& context() const override { return context_; }

 private:
  const EncodingOptions& options_;
  c10::Device device_;
  WorkerPool pool_;
  ComputeContext context_;
};

}  // namespace sbert
