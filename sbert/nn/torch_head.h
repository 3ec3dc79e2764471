#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "sbert/data/packed_batch.h"
#include "sbert/model/text_model.h"

namespace sbert {

/// Runs an EmbeddingHead by torch's operators, with gradients to what it is given. Its Dense layers
/// are constants: training does not change them.
class TorchHead {
 public:
  /// Copies the Dense layers, as float32, to the device.
  /// @throws Error(kInput) naming the Dense layer whose shape or type cannot be run
  TorchHead(const EmbeddingHead& head, const c10::Device& device);

  /// Width of an embedding.
  /// @param encoder_width of the hidden states
  std::int64_t width(std::int64_t encoder_width) const;
  bool normalizes() const { return normalizes_; }

  /// @param tokens [T, H] an encoder's output for the batch
  /// @return       [B, width] embeddings, in the type of `tokens`
  /// @throws Error(kInput) if the first Dense layer has another number of inputs than H
  at::Tensor operator()(const at::Tensor& tokens, const PackedBatch& batch) const;

 private:
  struct Dense {
    at::Tensor weight;  // [out, in]
    at::Tensor bias;    // [out], or undefined: none
    Activation activation;
  };
  Pooling pooling_;
  std::vector<Dense> dense_;
  bool normalizes_;
};

}  // namespace sbert
