#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sbert/base/stop_token.h"
#include "sbert/data/qrels.h"
#include "sbert/data/text_lines.h"

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
/// - corpus.jsonl, a line {"_id": "d1", "title": "…", "text": "…"}; the title may be missing or
///   null; the document is title, space, text, without white space at both ends
/// - queries.jsonl, a line {"_id": "q1", "text": "…"}; only queries judged in this split are kept,
///   in the order of this file
/// - qrels/<split>.tsv (read_qrels())
///
/// "id" is taken where "_id" is missing, and an integer for its digits. Other keys are ignored, and
/// so are blank lines and a byte order mark.
///
/// @throws Error(kIo) if a file is missing, Error(kInput) with file and line if one has the wrong
///         form, is empty, repeats an id, or judges what the other two do not hold;
///         Error(kCancelled)
RetrievalData read_beir(const std::filesystem::path& folder,
                        const std::string& split,
                        const StopToken& stop = {});

// Parts of it, for other readers of the layout. They accept and refuse the same.

struct BeirFiles {
  std::filesystem::path corpus;
  std::filesystem::path queries;
  std::filesystem::path qrels;
};
BeirFiles beir_files(const std::filesystem::path& folder, const std::string& split);

/// True for a folder with corpus.jsonl, queries.jsonl and qrels/.
bool is_beir_folder(const std::filesystem::path& path);

/// All queries of queries.jsonl, their texts as they are.
/// @throws Error(kInput) also if it lacks a query that is judged
std::vector<TextRecord> read_beir_queries(const std::filesystem::path& path,
                                          const std::vector<Qrel>& qrels,
                                          const StopToken& stop = {});

/// @throws Error(kInput) naming the judgement, whose document the corpus does not have
[[noreturn]] void fail_unknown_document(const std::filesystem::path& qrels_path, const Qrel& qrel);

}  // namespace sbert
