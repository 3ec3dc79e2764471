#include "sbert/data/beir.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <simdjson.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWhiteSpace = " \t\n\v\f\r";
// A line of a corpus is a document. This many bytes are no document but a file of another kind.
constexpr std::size_t kMaxLineBytes = 256U << 20;

std::string_view strip(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kWhiteSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kWhiteSpace) - first + 1);
}

// Calls read(line) for each line that is not blank, and puts file and line before its errors.
void for_each_line(const fs::path& path, const std::function<void(std::string_view)>& read) {
  const MappedFile file(path);
  std::string_view rest = file.bytes();
  for (std::int64_t number = 1; !rest.empty(); ++number) {
    const std::size_t length = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, length);
    rest.remove_prefix(std::min(length + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (strip(line).empty()) continue;
    within(concat(path, ": line ", number), [&] { read(line); });
  }
}

struct JsonLine {
  std::string id;
  std::string title;
  std::string text;
};

class JsonLineReader {
 public:
  JsonLine read(std::string_view line) {
    if (line.size() > kMaxLineBytes) {
      fail(ErrorKind::kInput,
           concat("line is too long: ", line.size(), " bytes, at most ", kMaxLineBytes));
    }
    if (padded_.size() < line.size() + simdjson::SIMDJSON_PADDING) {
      padded_.resize(2 * line.size() + simdjson::SIMDJSON_PADDING);
    }
    std::memcpy(padded_.data(), line.data(), line.size());
    simdjson::dom::element root;
    if (const auto error = parser_.parse(padded_.data(), line.size(), false).get(root)) {
      fail(ErrorKind::kInput, concat("not a JSON object: ", simdjson::error_message(error)));
    }
    simdjson::dom::object object;
    if (root.get_object().get(object) != simdjson::SUCCESS) {
      fail(ErrorKind::kInput, "must be a JSON object");
    }
    JsonLine result{string_of(object, "_id", true), string_of(object, "title", false),
                    string_of(object, "text", true)};
    if (result.id.empty()) fail(ErrorKind::kInput, "_id is empty");
    return result;
  }

 private:
  static std::string string_of(const simdjson::dom::object& object,
                               const char* key,
                               bool is_required) {
    simdjson::dom::element element;
    const bool is_there = object[key].get(element) == simdjson::SUCCESS;
    if (!is_required && (!is_there || element.is_null())) return {};
    if (!is_there) fail(ErrorKind::kInput, concat(key, " is missing"));
    std::string_view value;
    if (element.get_string().get(value) != simdjson::SUCCESS) {
      fail(ErrorKind::kInput,
           concat(key, " must be a string: ", simdjson::minify(element).substr(0, 40)));
    }
    return std::string(value);
  }

  simdjson::dom::parser parser_;
  std::string padded_;
};

using RowsById = std::unordered_map<std::string, std::int64_t>;

// Rows by id; `row` is that of the id that is added.
void add_id(RowsById& rows, const std::string& id, std::int64_t row) {
  if (!rows.emplace(id, row).second) fail(ErrorKind::kInput, concat("_id stands twice: ", id));
}

RowsById read_corpus(const fs::path& path, RetrievalData& data) {
  RowsById rows;
  JsonLineReader reader;
  for_each_line(path, [&](std::string_view line) {
    JsonLine document = reader.read(line);
    add_id(rows, document.id, static_cast<std::int64_t>(data.documents.size()));
    data.documents.emplace_back(strip(concat(document.title, " ", document.text)));
    data.document_ids.push_back(std::move(document.id));
  });
  if (data.documents.empty()) fail(ErrorKind::kInput, concat(path, ": holds no document"));
  return rows;
}

struct QrelsLine {
  std::string query;
  std::string document;
  std::string_view grade;
};

QrelsLine split_at_tabs(std::string_view line) {
  std::array<std::string_view, 3> fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::size_t tab = line.find('\t');
    if ((tab == std::string_view::npos) != (i + 1 == fields.size())) {
      fail(ErrorKind::kInput, "must be query id, document id and grade, with tabs between");
    }
    fields[i] = strip(line.substr(0, tab));
    line.remove_prefix(tab == std::string_view::npos ? line.size() : tab + 1);
  }
  return {std::string(fields[0]), std::string(fields[1]), fields[2]};
}

bool is_integer(std::string_view text, int& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

using JudgementsByQuery = std::unordered_map<std::string, std::vector<Judgement>>;

JudgementsByQuery read_qrels(const fs::path& path, const RowsById& documents) {
  JudgementsByQuery judgements;
  std::unordered_set<std::string> pairs;
  bool is_header = true;
  for_each_line(path, [&](std::string_view line) {
    const QrelsLine fields = split_at_tabs(line);
    int grade = 0;
    const bool has_grade = is_integer(fields.grade, grade);
    if (is_header) {
      if (has_grade) fail(ErrorKind::kInput, "the header is missing: query-id, corpus-id, score");
      is_header = false;
      return;
    }
    if (!has_grade) fail(ErrorKind::kInput, concat("score is not an integer: ", fields.grade));
    const auto row = documents.find(fields.document);
    if (row == documents.end()) {
      fail(ErrorKind::kInput, concat("no document of the corpus has this id: ", fields.document));
    }
    if (!pairs.insert(concat(fields.query, "\t", fields.document)).second) {
      fail(ErrorKind::kInput,
           concat("query and document are judged twice: ", fields.query, ", ", fields.document));
    }
    judgements[fields.query].push_back({row->second, grade});
  });
  if (judgements.empty()) fail(ErrorKind::kInput, concat(path, ": holds no judgement"));
  return judgements;
}

void read_queries(const fs::path& path, JudgementsByQuery judgements, RetrievalData& data) {
  RowsById rows;
  JsonLineReader reader;
  for_each_line(path, [&](std::string_view line) {
    JsonLine query = reader.read(line);
    add_id(rows, query.id, 0);
    auto judged = judgements.extract(query.id);
    if (judged.empty()) return;
    data.query_ids.push_back(std::move(query.id));
    data.queries.emplace_back(strip(query.text));
    data.judgements.push_back(std::move(judged.mapped()));
  });
  if (judgements.empty()) return;
  std::string_view first = judgements.begin()->first;
  for (const auto& [id, ignored] : judgements)
    first = std::min(first, std::string_view(id));
  fail(ErrorKind::kInput,
       concat(path, ": lacks queries that are judged: ", judgements.size(), ", first ", first));
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

RetrievalData read_beir(const fs::path& folder, const std::string& split) {
  RetrievalData data;
  const fs::path qrels = folder / "qrels" / concat(split, ".tsv");
  const RowsById documents = read_corpus(folder / "corpus.jsonl", data);
  read_queries(folder / "queries.jsonl", read_qrels(qrels, documents), data);
  warn_of_unanswerable_queries(qrels, data);
  return data;
}

}  // namespace sbert
