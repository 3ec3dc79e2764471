#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sbert/base/worker_pool.h"
#include "sbert/data/file_patterns.h"
#include "sbert/data/input_format.h"
#include "sbert/mine/documents.h"

namespace sbert {

struct MiningQuestion {
  std::string text;
  std::string id;                         ///< its name in reports
  std::vector<std::int64_t> positives{};  ///< rows of the documents, each once; at least one
};

/// Questions with their answers, and the documents to search. Documents of the same bytes are one,
/// and blank ones are left out; questions of the same bytes are one, with the answers of all.
struct MiningInput {
  std::unique_ptr<Documents> documents;
  std::vector<MiningQuestion> questions;
  bool has_ids = false;  ///< questions and documents have ids of their own
};

/// Reads training files (ExampleSet): the documents are the corpus, and of the files the positives
/// that it lacks; without a corpus all positives and negatives of the files. A question's id is the
/// number of its first record from 1.
/// @param corpus        a CorpusFile, or a folder with corpus.jsonl
/// @param corpus_format absent: find_format()
/// @throws what ExampleFile::open() and CorpusFile throw; Error(kInput) for pairs with labels
MiningInput read_mining_examples(const FilePatterns& files,
                                 const std::optional<std::filesystem::path>& corpus,
                                 const ComputeContext& context,
                                 std::optional<InputFormat> corpus_format = std::nullopt);

/// Reads a folder in BEIR's layout, the corpus staying on disk. Accepts and refuses what
/// read_beir() does, but keeps texts as they are. Questions without a document of grade 1 or more
/// are left out.
/// @throws as read_beir(); Error(kInput) also if no question is left
MiningInput read_mining_beir(const std::filesystem::path& folder,
                             const std::string& split,
                             const ComputeContext& context);

}  // namespace sbert
