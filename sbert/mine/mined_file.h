#pragma once

#include <filesystem>

#include "sbert/base/files.h"
#include "sbert/mine/mining.h"

namespace sbert {

/// What a record has besides question, pos_doc and neg_doc.
struct MinedFileOptions {
  bool with_scores = false;  ///< pos_scores, neg_scores
  bool with_ids = false;     ///< question_id, pos_doc_id, neg_doc_id; needs MiningInput::has_ids
};

/// Writes mined questions as training data: one JSON object a line if the name ends in .jsonl, else
/// a JSON array. Appears whole, with commit(), or not at all.
class MinedFile {
 public:
  /// @throws Error(kIo), Error(kUsage) if there are no ids
  MinedFile(const std::filesystem::path& path,
            const MiningInput& input,
            const MinedFileOptions& options);
  void add(std::size_t question, const MinedQuestion& mined);
  void commit();

 private:
  const MiningInput& input_;
  MinedFileOptions options_;
  bool is_lines_;
  bool is_empty_ = true;
  AtomicFile file_;
};

}  // namespace sbert
