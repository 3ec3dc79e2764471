#pragma once

#include <cstdint>
#include <unordered_map>

#include "sbert/data/example_set.h"
#include "sbert/loss/loss_targets.h"
#include "sbert/train/model_options.h"

namespace sbert {

/// What the records of the training files name as answers of each question: its positives in all
/// records that have it, the same text but for case and white space, and the question's own text.
class Answers {
 public:
  /// Reads the records whose question others have too.
  /// @param examples, options outlive this
  Answers(const ExampleSet& examples, const ModelOptions& options);

  /// Text keys of the answers as documents (document_key()), ascending.
  AnswerKeys of(const Example& example) const;

 private:
  void add(const Example& example, std::vector<std::uint64_t>& keys) const;

  const ModelOptions& options_;
  std::unordered_map<std::uint64_t, AnswerKeys> of_repeated_;  // by text_key() of the question
};

}  // namespace sbert
