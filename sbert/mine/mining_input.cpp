#include "sbert/mine/mining_input.h"

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/base/stop.h"
#include "sbert/data/example_set.h"
#include "sbert/data/text_key.h"
#include "sbert/data/text_lines.h"
#include "sbert/data/tsv_table.h"
#include "sbert/mine/corpus_file.h"
#include "sbert/mine/document_pool.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;

// Of the documents that are not blank.
RowsByKey rows_by_text(const Documents& documents) {
  RowsByKey rows;
  for_each_text_key(documents, [&](std::int64_t row, std::uint64_t key) {
    if (key != 0) rows.add(key, row);
  });
  rows.finish();
  return rows;
}

/// Gives texts a row of the pool that is being put together: of the corpus, or a further one.
class PoolRows {
 public:
  explicit PoolRows(std::unique_ptr<Documents> corpus)
      : corpus_(std::move(corpus)), by_text_(rows_by_text(*corpus_)), rows_(by_text_.rows()) {}

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
  const Documents& corpus() const { return *corpus_; }
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

struct Judged {
  std::string query;
  std::string document;
};

// The pairs of grade 1 or more.
std::vector<Judged> read_relevant(const fs::path& path) {
  const MappedFile file(path);
  std::vector<Judged> relevant;
  std::int64_t number = 0;
  for (std::size_t at = 0; const auto line = next_line(file.bytes(), at);) {
    ++number;
    within(concat(path, ": judgement ", number, " (the header is 1)"), [&] {
      const std::size_t first = line->find('\t');
      const std::size_t second = line->find('\t', first == line->npos ? first : first + 1);
      if (second == line->npos || line->find('\t', second + 1) != line->npos) {
        fail(ErrorKind::kInput, "must be query id, document id and grade, with tabs between");
      }
      const std::string_view grade_text = line->substr(second + 1);
      int grade = 0;
      const auto [end, error] =
          std::from_chars(grade_text.data(), grade_text.data() + grade_text.size(), grade);
      const bool is_number = error == std::errc() && end == grade_text.data() + grade_text.size();
      if (number == 1 && is_number) {
        fail(ErrorKind::kInput, "the header is missing: query-id, corpus-id, score");
      }
      if (number == 1) return;
      if (!is_number) fail(ErrorKind::kInput, concat("score is not an integer: ", grade_text));
      if (grade < 1) return;
      relevant.push_back({std::string(line->substr(0, first)),
                          std::string(line->substr(first + 1, second - first - 1))});
    });
  }
  if (relevant.empty()) {
    fail(ErrorKind::kInput, concat(path, ": has no document of grade 1 or more"));
  }
  return relevant;
}

// The texts of the judged documents by id.
std::unordered_map<std::string, std::string> judged_texts(const Documents& corpus,
                                                          const std::vector<Judged>& relevant,
                                                          const fs::path& corpus_path) {
  std::unordered_set<std::string> wanted;
  for (const Judged& each : relevant)
    wanted.insert(each.document);
  std::unordered_map<std::string, std::string> texts;
  for (std::int64_t row = 0; row < corpus.size(); ++row) {
    if (row % 4'096 == 0) throw_if_stopped();
    std::string id = corpus.id(row);
    if (!wanted.contains(id)) continue;
    if (!texts.emplace(id, corpus.text(row)).second) {
      fail(ErrorKind::kInput, concat(corpus_path, ": _id stands twice: ", id));
    }
  }
  return texts;
}

}  // namespace

bool is_beir_folder(const fs::path& path) {
  return fs::is_regular_file(path / "corpus.jsonl") &&
         fs::is_regular_file(path / "queries.jsonl") && fs::is_directory(path / "qrels");
}

MiningInput read_mining_examples(const FilePatterns& files, const std::optional<fs::path>& corpus) {
  const auto examples = std::make_shared<const ExampleSet>(ExampleSet::open(find_files(files), {}));
  if (examples->is_pairs()) {
    fail(ErrorKind::kInput,
         concat(files.patterns.front(),
                ": holds pairs of sentences; mining needs question and pos_doc, or anchor and "
                "positive"));
  }
  std::unique_ptr<Documents> documents;
  if (corpus) {
    documents = std::make_unique<CorpusFile>(fs::is_directory(*corpus) ? *corpus / "corpus.jsonl"
                                                                       : *corpus);
  } else {
    documents = std::make_unique<ExampleDocuments>(examples);
  }
  PoolRows pool(std::move(documents));
  Questions questions;
  for (std::int64_t record = 0; record < examples->size(); ++record) {
    if (record % 1'024 == 0) {
      throw_if_stopped();
      examples->drop_pages();
    }
    Example example = examples->read(record);
    MiningQuestion& question = questions.of_text(std::move(example.question), concat(record + 1));
    for (const std::string& text : example.pos_doc)
      add_positive(question, pool.row_of(text));
  }
  return {std::move(pool).pool(), questions.take(), false};
}

MiningInput read_mining_beir(const fs::path& folder, const std::string& split) {
  const fs::path qrels_path = folder / "qrels" / concat(split, ".tsv");
  const fs::path corpus_path = folder / "corpus.jsonl";
  const std::vector<Judged> relevant = read_relevant(qrels_path);
  std::unordered_map<std::string, std::vector<std::string>> documents_of;
  for (const Judged& each : relevant)
    documents_of[each.query].push_back(each.document);

  PoolRows pool(std::make_unique<CorpusFile>(corpus_path));
  const auto texts = judged_texts(pool.corpus(), relevant, corpus_path);
  Questions questions;
  for (TextRecord& query : read_text_records(folder / "queries.jsonl")) {
    const auto judged = documents_of.find(query.id);
    if (judged == documents_of.end()) continue;
    MiningQuestion& question = questions.of_text(std::move(query.text), std::move(query.id));
    for (const std::string& id : judged->second) {
      const auto text = texts.find(id);
      if (text == texts.end()) {
        fail(ErrorKind::kInput,
             concat(qrels_path, ": no document of the corpus has this id: ", id));
      }
      add_positive(question, pool.row_of(text->second));
    }
    documents_of.erase(judged);
  }
  if (!documents_of.empty()) {
    const auto least =
        std::min_element(documents_of.begin(), documents_of.end(),
                         [](const auto& a, const auto& b) { return a.first < b.first; });
    fail(ErrorKind::kInput, concat(folder / "queries.jsonl", ": lacks questions that are judged: ",
                                   documents_of.size(), ", first ", least->first));
  }
  return {std::move(pool).pool(), questions.take(), true};
}

}  // namespace sbert
