#include "sbert/mine/mining_input.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/data/beir.h"
#include "sbert/data/example_set.h"
#include "sbert/data/text_key.h"
#include "sbert/mine/corpus_file.h"
#include "sbert/mine/document_pool.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;

// Of the documents that are not blank.
RowsByKey rows_by_text(const Documents& documents, const ComputeContext& context) {
  RowsByKey rows;
  const auto add = [&](std::int64_t row, std::uint64_t key) {
    if (key != 0) rows.add(key, row);
  };
  for_each_text_key(documents, add, context);
  rows.finish();
  return rows;
}

/// Gives texts a row of the pool that is being put together: of the corpus, or a further one.
class PoolRows {
 public:
  PoolRows(std::unique_ptr<Documents> corpus, const ComputeContext& context)
      : corpus_(std::move(corpus)),
        by_text_(rows_by_text(*corpus_, context)),
        rows_(by_text_.rows()) {}

  std::int64_t row_of(const std::string& text) {
    const std::uint64_t key = bytes_key(text);
    if (const auto corpus_row = by_text_.find(key)) {
      return std::lower_bound(rows_.begin(), rows_.end(), *corpus_row) - rows_.begin();
    }
    const auto next = static_cast<std::int64_t>(rows_.size() + further_.size());
    const auto [found, is_new] = further_rows_.emplace(key, next);
    if (is_new) further_.push_back(text);
    return found->second;
  }
  std::unique_ptr<Documents> pool() && {
    return std::make_unique<DocumentPool>(std::move(corpus_), std::move(rows_),
                                          std::move(further_));
  }

 private:
  std::unique_ptr<Documents> corpus_;
  RowsByKey by_text_;
  std::vector<std::int64_t> rows_;  // of the corpus that the pool has
  std::vector<std::string> further_;
  std::unordered_map<std::uint64_t, std::int64_t> further_rows_;
};

/// Puts questions of the same text together.
class Questions {
 public:
  MiningQuestion& of_text(std::string text, std::string id) {
    const auto [found, is_new] = by_text_.emplace(bytes_key(text), questions_.size());
    if (is_new) questions_.push_back({std::move(text), std::move(id)});
    return questions_[found->second];
  }
  std::vector<MiningQuestion> take() { return std::move(questions_); }

 private:
  std::vector<MiningQuestion> questions_;
  std::unordered_map<std::uint64_t, std::size_t> by_text_;
};

void add_positive(MiningQuestion& question, std::int64_t row) {
  auto& rows = question.positives;
  if (std::find(rows.begin(), rows.end(), row) == rows.end()) rows.push_back(row);
}

/// Documents by id, as judgements name them.
class JudgedDocuments {
 public:
  explicit JudgedDocuments(const std::vector<Qrel>& qrels) {
    for (const Qrel& qrel : qrels) {
      Document& document = documents_[qrel.document];
      document.is_relevant = document.is_relevant || qrel.grade >= 1;
    }
  }

  /// Takes the texts of those that are relevant. The ids of the corpus must differ.
  void find_in(const CorpusFile& corpus, const fs::path& path, const StopToken& stop) {
    std::vector<std::pair<std::uint64_t, std::int64_t>> keys;  // of all ids, with their rows
    keys.reserve(static_cast<std::size_t>(corpus.size()));
    for (std::int64_t row = 0; row < corpus.size(); ++row) {
      if (row % kRowsBetweenStops == 0) stop.throw_if_stopped();
      const std::string id = corpus.id(row);
      keys.emplace_back(bytes_key(id), row);
      const auto judged = documents_.find(id);
      if (judged == documents_.end()) continue;
      judged->second.is_found = true;
      if (judged->second.is_relevant) judged->second.text = corpus.text(row);
    }
    std::sort(keys.begin(), keys.end());
    std::int64_t repeated = corpus.size();  // the first row whose id another one has before it
    for (std::size_t i = 1; i < keys.size(); ++i) {
      const auto& [key, row] = keys[i];
      if (key == keys[i - 1].first && row < repeated &&
          corpus.id(row) == corpus.id(keys[i - 1].second))
        repeated = row;
    }
    if (repeated == corpus.size()) return;
    fail(ErrorKind::kInput,
         concat(path, ": line ", corpus.line(repeated), ": duplicate _id: ", corpus.id(repeated)));
  }

  bool has(const std::string& id) const { return documents_.at(id).is_found; }
  const std::string& text(const std::string& id) const { return documents_.at(id).text; }

 private:
  static constexpr std::int64_t kRowsBetweenStops = 4'096;
  struct Document {
    bool is_relevant = false;
    bool is_found = false;
    std::string text;
  };
  std::unordered_map<std::string, Document> documents_;
};

}  // namespace

MiningInput read_mining_examples(const FilePatterns& files,
                                 const std::optional<fs::path>& corpus,
                                 const ComputeContext& context,
                                 std::optional<InputFormat> corpus_format) {
  const auto examples =
      std::make_shared<const ExampleSet>(ExampleSet::open(find_files(files), {}, context.stop));
  if (examples->is_pairs()) {
    fail(ErrorKind::kInput,
         concat(files.patterns.front(),
                ": holds pairs of sentences; mining needs question and pos_doc, or anchor and "
                "positive"));
  }
  std::unique_ptr<Documents> documents;
  if (corpus) {
    documents =
        std::make_unique<CorpusFile>(fs::is_directory(*corpus) ? *corpus / "corpus.jsonl" : *corpus,
                                     DocumentIds::kOptional, context.stop, corpus_format);
  } else {
    documents = std::make_unique<ExampleDocuments>(examples, context.stop);
  }
  PoolRows pool(std::move(documents), context);
  Questions questions;
  for (std::int64_t record = 0; record < examples->size(); ++record) {
    if (record % 1'024 == 0) {
      context.stop.throw_if_stopped();
      examples->drop_pages();
    }
    Example example = examples->read(record);
    MiningQuestion& question = questions.of_text(std::move(example.question), concat(record + 1));
    for (const std::string& text : example.pos_doc)
      add_positive(question, pool.row_of(text));
  }
  return {std::move(pool).pool(), questions.take(), false};
}

MiningInput read_mining_beir(const fs::path& folder,
                             const std::string& split,
                             const ComputeContext& context) {
  const BeirFiles files = beir_files(folder, split);
  const std::vector<Qrel> qrels = read_qrels(files.qrels, context.stop);
  auto corpus = std::make_unique<CorpusFile>(files.corpus, DocumentIds::kRequired, context.stop);
  JudgedDocuments judged(qrels);
  judged.find_in(*corpus, files.corpus, context.stop);
  std::unordered_map<std::string, std::vector<std::string>> relevant;  // by query
  for (const Qrel& qrel : qrels) {
    if (!judged.has(qrel.document)) fail_unknown_document(files.qrels, qrel);
    if (qrel.grade >= 1) relevant[qrel.query].push_back(qrel.document);
  }
  std::vector<TextRecord> queries = read_beir_queries(files.queries, qrels, context.stop);
  if (relevant.empty()) {
    fail(ErrorKind::kInput, concat(files.qrels, ": has no document of grade 1 or more"));
  }

  PoolRows pool(std::move(corpus), context);
  Questions questions;
  for (TextRecord& query : queries) {
    const auto found = relevant.find(query.id);
    if (found == relevant.end()) continue;
    MiningQuestion& question = questions.of_text(std::move(query.text), std::move(query.id));
    for (const std::string& id : found->second)
      add_positive(question, pool.row_of(judged.text(id)));
  }
  return {std::move(pool).pool(), questions.take(), true};
}

}  // namespace sbert
