#pragma once

#include <cstdint>
#include <vector>

#include "sbert/data/packed_batch.h"
#include "sbert/data/training_examples.h"
#include "sbert/loss/loss.h"
#include "sbert/text/tokenizer.h"
#include "sbert/train/train_options.h"

namespace sbert {

/// The texts of B questions, packed: the questions, then their positives, then the hard negatives
/// of question 0, of question 1, ...
struct MicroBatch {
  PackedBatch tokens;
  LossTargets targets;
};

/// A question with its documents as the model reads them: prefixed, stripped, and lower-cased if
/// the tokenizer's options say so.
struct TrainingTexts {
  std::string question;
  std::string positive;                ///< the first of pos_doc
  std::vector<std::string> negatives;  ///< the first hard_negatives_to_train of neg_doc
};

TrainingTexts training_texts(const Example& example, const ModelOptions& options);

/// What the data says of the texts of these rows.
LossTargets loss_targets(const std::vector<TrainingTexts>& rows);

/// Tokenizes and packs.
/// @param max_length tokens a text is cut to
MicroBatch make_micro_batch(const std::vector<TrainingTexts>& rows,
                            const Tokenizer& tokenizer,
                            std::int64_t max_length);

}  // namespace sbert
