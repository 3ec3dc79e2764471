#pragma once

#include <ATen/core/Tensor.h>

#include "sbert/loss/loss.h"
#include "sbert/loss/loss_options.h"

namespace sbert {

/// Scores of B rows (questions) with M documents each. Each row is to find its own document.
struct ScoreTable {
  at::Tensor scores;     ///< [B, M], any number where there is no document
  at::Tensor documents;  ///< [B, M] or [1, M] int64: the place of each among the B positives, then
                         ///< the N negatives; -1: no document
  at::Tensor own_documents;  ///< [B] int64: the place of each row's own document
  at::Tensor own_columns;    ///< [B] int64: its position in the row
  at::Tensor known{};  ///< [B, documents] bool: by the documents' places, those that the data names
                       ///< as answers of the row; undefined: none
};

/// What is no document of its row, or a false negative by the masks that are set.
/// @return [B, M] bool; false for a row's own document
/// @throws Error(kUsage) if mask_same_id is set and the data gives no ids
at::Tensor left_out(const ScoreTable& table,
                    const LossTargets& targets,
                    const LossOptions& options);

/// Which documents of the batch's memory are not negatives of a question: those with the text of
/// its positive, and those that were the positive of the same question, whatever the options; with
/// the options' masks those that the data names as its answers, those of its positive's id, and
/// those that score too high.
/// @param scores     [B, M] of the table's questions with the memory's documents
/// @return           [B, M] bool
/// @throws Error(kUsage) if mask_same_id is set and the data gives no ids
at::Tensor left_out_of_memory(const at::Tensor& scores,
                              const ScoreTable& table,
                              const LossBatch& batch,
                              const LossOptions& options);

/// Picks each row's value for its own document.
/// @param values [B, M or more] with the layout of table.scores
/// @return       [B]
at::Tensor of_own_pair(const at::Tensor& values, const ScoreTable& table);

}  // namespace sbert
