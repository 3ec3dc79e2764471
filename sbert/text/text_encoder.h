#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sbert/text/added_vocabulary.h"
#include "sbert/text/bert_normalizer.h"
#include "sbert/text/wordpiece.h"

namespace sbert {

/// Text to the ids between [CLS] and [SEP]: added tokens are cut out of the raw text,
/// what lies between is normalized, further added tokens are cut out of that, and the rest is split
/// into words and words into pieces. All of it goes from left to right, so it can end early.
class TextEncoder {
 public:
  /// The parts must outlive the encoder.
  TextEncoder(const AddedVocabulary& added,
              const BertNormalizer& normalizer,
              const WordPiece& model)
      : added_(added), normalizer_(normalizer), model_(model) {}

  /// Appends the first ids of `text` until `ids` has `size` of them or the text is at its end.
  /// @param text any bytes; what is not UTF-8 counts as U+FFFD
  void append(std::string_view text, std::size_t size, std::vector<std::int32_t>& ids) const;

 private:
  class Run;

  const AddedVocabulary& added_;
  const BertNormalizer& normalizer_;
  const WordPiece& model_;
};

}  // namespace sbert
