#pragma once

#include <memory>

#include "sbert/loss/loss.h"
#include "sbert/loss/loss_options.h"

namespace sbert {

/// NeMo's contrastive loss (its MegatronSBertModel): each question's scores are its dot products
/// with the positives of all B questions, the other questions' serving as in-batch negatives, and
/// with its own hard negatives; divided by the temperature; cross entropy with the own positive as
/// target, mean over B. A question with fewer hard negatives than another simply has fewer
/// documents to tell apart. The options change it so:
///
/// - in_batch_negatives=false: the documents of a question are its positive and its own hard
///   negatives. Compute throws Error(kUsage) for a batch without hard negatives.
/// - share_hard_negatives: the hard negatives of all questions are documents of every question.
/// - symmetric: the mean of this loss and of the one from documents to questions, in which positive
///   i is to find question i among the B questions. Hard negatives have no part in that.
/// - clamp: dot products are held to [-1, 1] before all else (no gradient flows beyond).
/// - label_smoothing: share of the target that is given to all documents of a question alike.
/// - learn_temperature: parameters() has log_scale [], the logarithm of 1/temperature, float32,
///   from the one given. It is not bounded; give it no weight decay.
///
/// Masks leave false negatives out of a question's documents; its own positive always stays:
///
/// - mask_known_positives (on unless the options say otherwise): documents, in-batch, hard or of
/// the
///   memory, whose text is among LossTargets::answer_keys of the question. From documents to
///   questions: those questions that the document answers.
/// - mask_same_text, mask_same_id: documents, in-batch or hard, with the text or id key of the
///   question's positive. From documents to questions: those questions whose positive has it.
///   A key of 0 equals none. Compute throws Error(kUsage) if the data gives no ids.
/// - false_negative_margin: documents (or questions) that score above the score of the question's
///   (or document's) own pair plus the margin. Scores are before the temperature, and constants.
///   With a negative margin, so are near ties. Absent or NaN: off.
///
/// The documents of LossBatch::memory are negatives of every question, without a part in the
/// symmetric half (cross-batch memory: Wang et al., 2020, "Cross-Batch Memory for Embedding
/// Learning"). Documents with the text of the question's positive, and earlier positives of the
/// same question, are always left out of them; the masks hold for the rest.
///
/// Memory is O(B * (B + H)), H the most hard negatives of a question, or O(B * (B + N)) if they are
/// shared, beside the embeddings.
std::unique_ptr<Loss> make_contrastive_loss(const LossOptions& options);

}  // namespace sbert
