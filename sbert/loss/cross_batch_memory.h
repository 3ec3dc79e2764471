#pragma once

#include <cstdint>

#include "sbert/loss/loss.h"
#include "sbert/nn/named_tensor.h"

namespace sbert {

/// The documents of the last batches, with the embeddings they had then: negatives that cost no
/// encoding (Wang et al., 2020, "Cross-Batch Memory for Embedding Learning"). First in, first out.
class CrossBatchMemory {
 public:
  /// @param capacity       C, at least 1
  /// @param embedding_size D
  /// @param device         of the embeddings
  CrossBatchMemory(std::int64_t capacity, std::int64_t embedding_size, const at::Device& device);

  /// Copies the positives of a batch, then its hard negatives, over the oldest documents. Of more
  /// than C, the last C.
  /// @param batch with text and question keys
  void add(const LossBatch& batch);

  /// What was added last, at most C documents, in no particular order but always the same. Shares
  /// memory with this: good until the next add().
  LossMemory documents() const;

  /// All of the memory, C * (4 D + 24) bytes, as its own tensors, not copies: filled with those of
  /// an earlier run, it goes on as that one.
  NamedTensors state() const;

 private:
  Tensor documents_;      // [C, D] float32; row i is of the document with number i modulo C
  Tensor text_keys_;      // [C] int64
  Tensor id_keys_;        // [C] int64
  Tensor question_keys_;  // [C] int64
  Tensor num_added_;      // [] int64, since the beginning
};

}  // namespace sbert
