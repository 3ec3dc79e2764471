#include "sbert/data/beir.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/data/line_file.h"
#include "sbert/data/qrels.h"
#include "sbert/data/text_object.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;

using RowsById = std::unordered_map<std::string, std::int64_t>;

constexpr std::int64_t kRecordsBetweenStops = 4'096;

// Calls take(object) for each object of a file of documents or queries.
template <typename Take>
void for_each_object(const fs::path& path, const StopToken& stop, const Take& take) {
  const TextFile file(path);
  RecordWalk walk(file);
  for (std::int64_t number = 1; walk.next(); ++number) {
    if (number % kRecordsBetweenStops == 0) stop.throw_if_stopped();
    walk.at_line([&] { take(file.read(walk.record())); });
  }
}

RowsById read_corpus(const fs::path& path, RetrievalData& data, const StopToken& stop) {
  RowsById rows;
  const auto read = [&](TextObject document) {
    data.documents.emplace_back(stripped(concat(document.title, " ", document.text)));
    data.document_ids.push_back(required_id(std::move(document)));
    const std::string& id = data.document_ids.back();
    if (!rows.emplace(id, std::ssize(rows)).second) {
      fail(ErrorKind::kInput, concat("duplicate _id: ", id));
    }
  };
  for_each_object(path, stop, read);
  if (data.documents.empty()) fail(ErrorKind::kInput, concat(path, ": holds no document"));
  return rows;
}

using JudgementsByQuery = std::unordered_map<std::string, std::vector<Judgement>>;

JudgementsByQuery judgements_of(const std::vector<Qrel>& qrels,
                                const RowsById& documents,
                                const fs::path& path) {
  JudgementsByQuery judgements;
  for (const Qrel& qrel : qrels) {
    const auto row = documents.find(qrel.document);
    if (row == documents.end()) fail_unknown_document(path, qrel);
    judgements[qrel.query].push_back({row->second, qrel.grade});
  }
  return judgements;
}

void add_queries(std::vector<TextRecord> queries,
                 JudgementsByQuery judgements,
                 RetrievalData& data) {
  for (TextRecord& query : queries) {
    auto judged = judgements.extract(query.id);
    if (judged.empty()) continue;
    data.query_ids.push_back(std::move(query.id));
    data.queries.emplace_back(stripped(query.text));
    data.judgements.push_back(std::move(judged.mapped()));
  }
}

void warn_of_unanswerable_queries(const fs::path& qrels, RetrievalData& data) {
  const auto has_relevant = [](const std::vector<Judgement>& judgements) {
    return std::any_of(judgements.begin(), judgements.end(),
                       [](const Judgement& judgement) { return judgement.grade >= 1; });
  };
  const auto answerable =
      std::count_if(data.judgements.begin(), data.judgements.end(), has_relevant);
  const auto others = static_cast<std::int64_t>(data.judgements.size()) - answerable;
  if (others > 0) {
    data.warnings.push_back(
        concat(qrels, ": queries without a relevant document, left out of all means: ", others,
               " of ", data.judgements.size()));
  }
}

}  // namespace

BeirFiles beir_files(const fs::path& folder, const std::string& split) {
  return {folder / "corpus.jsonl", folder / "queries.jsonl",
          folder / "qrels" / concat(split, ".tsv")};
}

bool is_beir_folder(const fs::path& path) {
  return fs::is_regular_file(path / "corpus.jsonl") &&
         fs::is_regular_file(path / "queries.jsonl") && fs::is_directory(path / "qrels");
}

std::vector<TextRecord> read_beir_queries(const fs::path& path,
                                          const std::vector<Qrel>& qrels,
                                          const StopToken& stop) {
  std::vector<TextRecord> queries;
  std::unordered_set<std::string> ids;
  const auto read = [&](TextObject query) {
    std::string text = std::move(query.text);
    std::string id = required_id(std::move(query));
    if (!ids.insert(id).second) fail(ErrorKind::kInput, concat("duplicate _id: ", id));
    queries.push_back({std::move(id), std::move(text)});
  };
  for_each_object(path, stop, read);

  std::unordered_set<std::string_view> missing;
  std::string_view first;
  for (const Qrel& qrel : qrels) {
    if (ids.contains(qrel.query)) continue;
    first = missing.empty() ? qrel.query : std::min(first, std::string_view(qrel.query));
    missing.insert(qrel.query);
  }
  if (!missing.empty()) {
    fail(ErrorKind::kInput,
         concat(path, ": lacks queries that are judged: ", missing.size(), ", first ", first));
  }
  return queries;
}

void fail_unknown_document(const fs::path& qrels_path, const Qrel& qrel) {
  fail(ErrorKind::kInput, concat(qrels_path, ": line ", qrel.line,
                                 ": no document of the corpus has this id: ", qrel.document));
}

RetrievalData read_beir(const fs::path& folder, const std::string& split, const StopToken& stop) {
  RetrievalData data;
  const BeirFiles files = beir_files(folder, split);
  const std::vector<Qrel> qrels = read_qrels(files.qrels, stop);
  const RowsById documents = read_corpus(files.corpus, data, stop);
  JudgementsByQuery judgements = judgements_of(qrels, documents, files.qrels);
  add_queries(read_beir_queries(files.queries, qrels, stop), std::move(judgements), data);
  warn_of_unanswerable_queries(files.qrels, data);
  return data;
}

}  // namespace sbert
