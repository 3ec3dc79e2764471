#pragma once

#include <string_view>

#include "sbert/loss/loss.h"
#include "sbert/nn/tensor_fwd.h"

namespace sbert {

// What losses read of a batch. Tensors lie where the batch's embeddings do. `loss` is the name of
// the loss that asks, for the message.

/// @throws Error(kInternal) unless B >= 1, the embeddings have the shapes that LossBatch says, and
///         each of the targets is empty or of its length; with a memory, text and question keys are
///         needed
void check_shapes(const LossBatch& batch);

/// @return [B] in the type of the embeddings
/// @throws Error(kUsage) if the data gives none
Tensor similarity_labels(const LossBatch& batch, std::string_view loss);

/// @return [B] int64
/// @throws Error(kUsage) if the data gives none; Error(kInput) if one is no integer from 0 to
///         num_labels - 1
Tensor class_labels(const LossBatch& batch, std::int64_t num_labels, std::string_view loss);

/// A teacher's scores, in the type of the embeddings.
struct TeacherScores {
  Tensor positives;  ///< [B]
  Tensor negatives;  ///< [N]
};

/// @throws Error(kUsage) if the data lacks one of the two
TeacherScores teacher_scores(const LossBatch& batch, std::string_view loss);

/// The loss of a batch without hard negatives, to a loss that is of these: 0, with a gradient of 0.
Tensor zero_loss(const LossBatch& batch);

/// The question of each hard negative. @return [N] int64
Tensor negative_owners(const LossBatch& batch);

/// The hard negatives of each question as a table: row i holds the places in [0, N) of question
/// i's, and -1 where it has fewer than the most. @return [B, H] int64, H the most
Tensor negative_places(const LossBatch& batch);

/// Spreads what belongs to the hard negatives over their table.
/// @param values [N]    with N >= 1
/// @param places [B, H] of negative_places()
/// @return       [B, H] any number of `values` where there is no negative
Tensor by_question(const Tensor& values, const Tensor& places);

}  // namespace sbert
