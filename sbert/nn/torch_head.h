#pragma once

#include <optional>
#include <vector>

#include "sbert/data/packed_batch.h"
#include "sbert/model/text_model.h"
#include "sbert/nn/torch_encoder.h"

namespace sbert {

/// Runs an EmbeddingHead by torch's operators, with gradients to what it is given. Its Dense layers
/// are constants: training does not change them.
class TorchHead {
 public:
  /// Copies the Dense layers, as float32, to the device.
  TorchHead(const EmbeddingHead& head, const c10::Device& device);

  /// @param tokens [T, H] an encoder's output for the batch
  /// @return       [B, width] embeddings, in the type of `tokens`
  Tensor operator()(const Tensor& tokens, const PackedBatch& batch) const;

 private:
  struct Dense {
    Tensor weight;
    std::optional<Tensor> bias;
    Activation activation;
  };
  Pooling pooling_;
  std::vector<Dense> dense_;
  bool normalizes_;
};

}  // namespace sbert
