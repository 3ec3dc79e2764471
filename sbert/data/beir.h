#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sbert {

/// How well a document answers a query, as a person judged it.
struct Judgement {
  std::int64_t document = 0;  ///< row in the corpus
  int grade = 0;              ///< 0: not relevant, 1 and more: the better the higher

  friend bool operator==(const Judgement&, const Judgement&) = default;
};

/// A corpus, queries, and which documents answer which query.
struct RetrievalData {
  std::vector<std::string> document_ids;           ///< [N]
  std::vector<std::string> documents;              ///< [N] title and text
  std::vector<std::string> query_ids;              ///< [Q]
  std::vector<std::string> queries;                ///< [Q]
  std::vector<std::vector<Judgement>> judgements;  ///< [Q] one list a query, never empty
  std::vector<std::string> warnings{};             ///< of queries without a relevant document
};

/// Reads a folder in BEIR's layout:
/// - corpus.jsonl, a line {"_id": "d1", "title": "…", "text": "…"}; the title may be missing; the
///   document is title, space, text, without white space at both ends
/// - queries.jsonl, a line {"_id": "q1", "text": "…"}; only queries judged in this split are kept,
///   in the order of this file
/// - qrels/<split>.tsv, a header, then query id, document id, grade, with tabs between
///
/// Other keys are ignored, and so are empty lines.
///
/// @throws Error(kIo) if a file is missing, Error(kInput) with file and line if one has the wrong
///         form, is empty, repeats an id, or judges what the other two do not hold
RetrievalData read_beir(const std::filesystem::path& folder, const std::string& split);

}  // namespace sbert
