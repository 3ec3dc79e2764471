#pragma once

// Files of evaluation data. Each is a table (.tsv, .csv) or JSON objects, as for_each_record()
// reads them; columns and keys that are not named here are ignored. All readers throw Error(kIo) if
// the file cannot be read, and Error(kInput) "file: line 17: score: must be a number: x".

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace sbert {

/// Pairs of texts with what people say of them, one row each.
struct ScoredPairs {
  std::vector<std::string> first;
  std::vector<std::string> second;
  std::vector<double> scores;
  std::vector<std::int64_t> lines;
};

/// Reads `sentence1` (or s1, text1, premise), `sentence2` (or s2, text2, hypothesis) and `score`
/// (or similarity_score, label).
ScoredPairs read_scored_pairs(const std::filesystem::path& path);

/// The same with `label` (or labels, is_duplicate, score), which must be 0 or 1.
ScoredPairs read_labelled_pairs(const std::filesystem::path& path);

struct LabelledTexts {
  std::vector<std::string> texts;
  std::vector<std::string> labels;
};

/// Reads `text` (or sentence) and `label` (or labels), a word or a number.
LabelledTexts read_labelled_texts(const std::filesystem::path& path);

/// A query and documents that answer it, or do not.
struct RerankingSample {
  std::string query;
  std::vector<std::string> positives;
  std::vector<std::string> negatives;
};

struct RerankingSamples {
  std::vector<RerankingSample> samples;  ///< each with a positive and a negative
  std::vector<std::string> warnings;     ///< of those without, which are left out
};

/// Reads `query` (or question), `positive` (or pos, pos_doc) and `negative` (or neg, neg_doc), a
/// text or a list of texts.
RerankingSamples read_reranking_samples(const std::filesystem::path& path);

/// Texts, and which of them say the same.
struct ParaphraseData {
  std::vector<std::string> ids;
  std::vector<std::string> texts;
  /// Rows of both texts, the lower first; sorted, no two equal.
  std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
  std::vector<std::string> warnings;  ///< of duplicate pairs
};

/// Reads a folder with two files: `texts` with `id` (or _id) and `text` (or sentence), and `pairs`
/// with `id1` and `id2`; each .jsonl, .tsv or .csv.
/// @throws Error(kInput) also for a duplicate or unknown id, and a text paired with
///         itself
ParaphraseData read_paraphrases(const std::filesystem::path& folder);

/// The file NAME.jsonl, NAME.json, NAME.tsv or NAME.csv in a folder.
/// @throws Error(kIo) if there is none
std::filesystem::path find_record_file(const std::filesystem::path& folder, const char* name);

}  // namespace sbert
