#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sbert/data/example.h"
#include "sbert/data/packed_batch.h"
#include "sbert/loss/loss_targets.h"
#include "sbert/text/tokenizer.h"
#include "sbert/train/model_options.h"

namespace sbert {

/// The texts of B questions, packed: the questions, then their positives, then the hard negatives
/// of question 0, of question 1, ...
struct MicroBatch {
  PackedBatch tokens;
  LossTargets targets;
  std::int64_t num_dropped_negatives = 0;  ///< TrainingTexts::num_dropped of all rows
  std::int64_t num_cut = 0;                ///< texts that had more tokens than they were cut to
};

/// A question with its documents as the model reads them: prefixed, stripped, and lower-cased if
/// the tokenizer's options say so; and what the data says of them.
struct TrainingTexts {
  std::string question;
  std::string positive;
  std::vector<std::string> negatives;

  std::uint64_t positive_id = 0;              ///< key of the id, 0: none
  std::vector<std::uint64_t> negative_ids{};  ///< one a negative, or empty
  std::optional<double> label{};              ///< class or similarity
  std::optional<double> positive_score{};     ///< a teacher's
  std::vector<double> negative_scores{};      ///< one a negative, or empty
  std::uint64_t question_as_document = 0;     ///< document_key() of the question; 0: not compared
  AnswerKeys answers{};                       ///< text keys of what is no negative of the question
  std::int64_t num_dropped = 0;               ///< hard negatives that are among the answers
};

/// Which documents of an example are taken.
struct DocumentChoice {
  std::size_t positive = 0;  ///< in pos_doc
  /// Draws the hard negatives; without it, the first are taken.
  std::optional<std::uint64_t> negatives_key{};
  AnswerKeys answers{};  ///< negatives with these text keys are not taken
};

/// Texts as the model reads them: the prefix of their role (of a pair: pair_prefix), a space and
/// the text, without white space at both ends.
std::string question_text(const std::string& text, const ModelOptions& options, bool is_pair);
std::string document_text(const std::string& text, const ModelOptions& options, bool is_pair);
/// The same without a prefix, for where the model's prompts are put before it.
std::string text_without_prefix(const std::string& text, const ModelOptions& options);

/// text_key() of a text as a document.
std::uint64_t document_key(const std::string& text, const ModelOptions& options, RecordForm form);

/// The question, one positive, and at most hard_negatives_to_train negatives. Both texts of a pair
/// (RecordForm::kPair) get pair_prefix, others query_prefix and passage_prefix.
TrainingTexts training_texts(const Example& example,
                             const ModelOptions& options,
                             const DocumentChoice& choice = {});

/// Takes these negatives out.
/// @param negatives their places, ascending
void drop_negatives(TrainingTexts& row, std::span<const std::size_t> negatives);

/// What the data says of the texts of these rows: keys of each document and question; labels and
/// scores where the rows have them.
LossTargets loss_targets(const std::vector<TrainingTexts>& rows);

/// Tokenizes and packs.
/// @param max_length tokens a text is cut to
MicroBatch make_micro_batch(const std::vector<TrainingTexts>& rows,
                            const Tokenizer& tokenizer,
                            std::int64_t max_length);

/// Which micro batches of a global batch a process encodes: with 4 and 2 processes the first has 0
/// and 1, the other 2 and 3.
struct BatchShare {
  int rank = 0;
  int size = 1;
  /// @param count micro batches of the global batch
  bool has(std::int64_t micro_batch, std::int64_t count) const {
    return owner(micro_batch, count) == rank;
  }
  int owner(std::int64_t micro_batch, std::int64_t count) const {
    return static_cast<int>(micro_batch * size / count);
  }
};

/// Cuts a global batch into micro batches of model.micro_batch_size. Those that are not of the
/// share have no tokens.
std::vector<MicroBatch> make_micro_batches(const std::vector<TrainingTexts>& rows,
                                           const Tokenizer& tokenizer,
                                           const ModelOptions& options,
                                           const BatchShare& share = {});

}  // namespace sbert
