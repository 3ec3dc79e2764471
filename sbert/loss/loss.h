#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "sbert/loss/loss_options.h"
#include "sbert/loss/loss_targets.h"
#include "sbert/nn/named_tensor.h"
#include "sbert/nn/tensor_fwd.h"

namespace sbert {

/// Documents of earlier batches, as they were embedded then: constants to the gradient. Keys are
/// those of LossTargets, as the bits of int64.
struct LossMemory {
  Tensor documents;      ///< [M, D] undefined: there are none
  Tensor text_keys;      ///< [M]
  Tensor id_keys;        ///< [M] 0: no id
  Tensor question_keys;  ///< [M] of the question whose positive it was; 0: it was a hard negative

  std::int64_t size() const { return documents.defined() ? documents.size(0) : 0; }
};

/// A global batch as a loss sees it. The embeddings are as the model gives them (of length 1 if it
/// normalizes), float32 or float64.
struct LossBatch {
  Tensor questions;  ///< [B, D]
  Tensor positives;  ///< [B, D]
  Tensor negatives;  ///< [N, D] of question 0, of question 1, ...
  LossTargets targets;
  LossMemory memory{};  ///< further negatives of every question, to a loss that has use for them
  /// The questions whose share of the loss is wanted, first and number; all without.
  std::optional<std::pair<std::int64_t, std::int64_t>> part{};

  std::int64_t first_of_part() const { return part ? part->first : 0; }
  std::int64_t size_of_part() const { return part ? part->second : targets.num_questions(); }
};

/// A training objective on the embeddings of a batch.
class Loss {
 public:
  virtual ~Loss() = default;

  /// @return [] the loss, with a gradient with respect to the embeddings and parameters()
  /// @throws Error(kUsage) if the batch lacks what this loss needs, such as labels
  virtual Tensor compute(const LossBatch& batch) const = 0;

  /// Whether compute() heeds LossBatch::part. If so, the losses of parts that make up the batch sum
  /// to that of the whole, and so do their gradients.
  virtual bool has_parts() const { return false; }

  /// What is trained beside the encoder: a classifier's weights, a learned temperature. The loss's
  /// own tensors, not copies; most have none.
  virtual NamedTensors parameters() const { return {}; }
};

/// @param embedding_size D
/// @param seed           of the first values of what is trained beside the encoder
/// @throws Error(kUsage) naming the option that is wrong
std::unique_ptr<Loss> make_loss(const LossOptions& options,
                                std::int64_t embedding_size,
                                std::uint64_t seed);

}  // namespace sbert
