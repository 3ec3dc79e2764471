#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sbert {

/// The keys that a file's records have, as its first good one shows them.
enum class RecordForm : std::uint32_t {
  kQuestion,  ///< question or query; pos_doc; neg_doc
  kTriplet,   ///< anchor; positive; negative, hard_negative, negative_1, ...
  kPair,      ///< sentence1 and sentence2, or s1, text1, premise and s2, text2, hypothesis
};

/// One record of training data: texts as in the file, without prefixes. The vectors
/// beside the documents are empty where the record does not give them, else as long.
struct Example {
  std::string question;  ///< or the anchor, or the first text of a pair
  /// At least one, no two equal (text_key()); none empty, unless all are: then one empty text.
  std::vector<std::string> pos_doc;
  /// Hard negatives, no two equal, none empty, none equal to a positive. May be none.
  std::vector<std::string> neg_doc;
  std::vector<std::uint64_t> pos_doc_ids{};  ///< bytes_key() of the id
  std::vector<std::uint64_t> neg_doc_ids{};
  std::vector<double> pos_scores{};  ///< a teacher's
  std::vector<double> neg_scores{};
  std::optional<double> label{};  ///< class or similarity
  RecordForm form = RecordForm::kQuestion;
};

}  // namespace sbert
