#include "sbert/data/evaluation_records.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/data/plain_value.h"
#include "sbert/data/record_reader.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;

using Names = std::initializer_list<std::string_view>;

bool is_one_of(std::string_view key, Names names) {
  return std::find(names.begin(), names.end(), key) != names.end();
}

// Names a key by the first of its names; a record may have the others in its place.
template <typename Value>
Value required(std::optional<Value>& value, std::string_view name, Names others) {
  if (value) return std::move(*value);
  std::string message = concat(name, " is missing");
  std::string_view separator = " (or ";
  for (const std::string_view other : others) {
    message += concat(separator, other);
    separator = ", ";
  }
  fail(ErrorKind::kInput, concat(message, others.size() > 0 ? ")" : ""));
}

const Names kFirst{"s1", "text1", "premise"};
const Names kSecond{"s2", "text2", "hypothesis"};
const Names kPairScore{"similarity_score", "label"};
const Names kPairLabel{"labels", "is_duplicate", "score"};

double parse_score(std::string_view text, bool is_binary) {
  const double score = parse_number(text);
  if (is_binary && score != 0 && score != 1) {
    fail(ErrorKind::kInput, concat("must be 0 or 1: ", text));
  }
  return score;
}

ScoredPairs read_pairs(const fs::path& path,
                       std::string_view score_name,
                       Names score_names,
                       bool is_binary) {
  ScoredPairs pairs;
  for_each_record(path, [&](std::int64_t line, const VisitFields& fields) {
    std::optional<std::string> first;
    std::optional<std::string> second;
    std::optional<std::string> score;
    std::string score_key;
    fields([&](std::string_view key, RecordValue& value) {
      if (key == "sentence1" || is_one_of(key, kFirst)) {
        first = value.string();
      } else if (key == "sentence2" || is_one_of(key, kSecond)) {
        second = value.string();
      } else if (key == score_name || (score_key != score_name && is_one_of(key, score_names))) {
        score = value.scalar();
        score_key = key;
      }
    });
    pairs.first.push_back(required(first, "sentence1", kFirst));
    pairs.second.push_back(required(second, "sentence2", kSecond));
    const std::string text = required(score, score_name, score_names);
    pairs.scores.push_back(within(score_key, [&] { return parse_score(text, is_binary); }));
    pairs.lines.push_back(line);
  });
  return pairs;
}

// Counts records that are left out, and says where the first one is.
class LeftOut {
 public:
  explicit LeftOut(std::string what) : what_(std::move(what)) {}
  void add(std::int64_t line) { first_ = count_++ == 0 ? line : std::min(first_, line); }
  void warn(const fs::path& path, std::vector<std::string>& warnings) const {
    if (count_ == 0) return;
    warnings.push_back(concat(path, ":", first_, ": ", what_, ", left out: ", count_));
  }

 private:
  std::string what_;
  std::int64_t count_ = 0;
  std::int64_t first_ = 0;
};

using RowsById = std::unordered_map<std::string, std::int64_t>;

RowsById read_texts_with_ids(const fs::path& path, ParaphraseData& data) {
  RowsById rows;
  for_each_record(path, [&](std::int64_t, const VisitFields& fields) {
    std::optional<std::string> id;
    std::optional<std::string> text;
    fields([&](std::string_view key, RecordValue& value) {
      if (is_one_of(key, {"id", "_id"})) id = value.id();
      if (is_one_of(key, {"text", "sentence"})) text = value.string();
    });
    data.ids.push_back(required(id, "id", {"_id"}));
    data.texts.push_back(required(text, "text", {"sentence"}));
    const auto row = static_cast<std::int64_t>(rows.size());
    if (!rows.emplace(data.ids.back(), row).second) {
      fail(ErrorKind::kInput, concat("duplicate id: ", data.ids.back()));
    }
  });
  return rows;
}

std::int64_t row_of(const RowsById& rows, const std::string& id) {
  const auto found = rows.find(id);
  if (found == rows.end()) fail(ErrorKind::kInput, concat("no text has this id: ", id));
  return found->second;
}

}  // namespace

ScoredPairs read_scored_pairs(const fs::path& path) {
  return read_pairs(path, "score", kPairScore, false);
}

ScoredPairs read_labelled_pairs(const fs::path& path) {
  return read_pairs(path, "label", kPairLabel, true);
}

LabelledTexts read_labelled_texts(const fs::path& path) {
  LabelledTexts data;
  for_each_record(path, [&](std::int64_t, const VisitFields& fields) {
    std::optional<std::string> text;
    std::optional<std::string> label;
    fields([&](std::string_view key, RecordValue& value) {
      if (is_one_of(key, {"text", "sentence"})) text = value.string();
      if (is_one_of(key, {"label", "labels"})) label = value.scalar();
    });
    data.texts.push_back(required(text, "text", {"sentence"}));
    data.labels.push_back(required(label, "label", {"labels"}));
  });
  return data;
}

RerankingSamples read_reranking_samples(const fs::path& path) {
  RerankingSamples data;
  LeftOut without_positive("samples without a positive");
  LeftOut without_negative("samples without a negative");
  for_each_record(path, [&](std::int64_t line, const VisitFields& fields) {
    std::optional<std::string> query;
    std::optional<std::vector<std::string>> positives;
    std::optional<std::vector<std::string>> negatives;
    fields([&](std::string_view key, RecordValue& value) {
      if (is_one_of(key, {"query", "question"})) query = value.string();
      if (is_one_of(key, {"positive", "pos", "pos_doc"})) positives = value.strings();
      if (is_one_of(key, {"negative", "neg", "neg_doc"})) negatives = value.strings();
    });
    RerankingSample sample{required(query, "query", {"question"}),
                           required(positives, "positive", {"pos", "pos_doc"}),
                           required(negatives, "negative", {"neg", "neg_doc"})};
    if (sample.positives.empty()) return without_positive.add(line);
    if (sample.negatives.empty()) return without_negative.add(line);
    data.samples.push_back(std::move(sample));
  });
  without_positive.warn(path, data.warnings);
  without_negative.warn(path, data.warnings);
  if (data.samples.empty()) {
    fail(ErrorKind::kInput, concat(path, ": no sample has both a positive and a negative"));
  }
  return data;
}

ParaphraseData read_paraphrases(const fs::path& folder) {
  ParaphraseData data;
  const RowsById rows = read_texts_with_ids(find_record_file(folder, "texts"), data);
  const fs::path path = find_record_file(folder, "pairs");
  std::vector<std::pair<std::pair<std::int64_t, std::int64_t>, std::int64_t>> pairs;  // and line
  for_each_record(path, [&](std::int64_t line, const VisitFields& fields) {
    std::optional<std::int64_t> first;
    std::optional<std::int64_t> second;
    fields([&](std::string_view key, RecordValue& value) {
      if (key == "id1") first = row_of(rows, value.id());
      if (key == "id2") second = row_of(rows, value.id());
    });
    const auto [low, high] = std::minmax({required(first, "id1", {}), required(second, "id2", {})});
    if (low == high) {
      fail(ErrorKind::kInput,
           concat("a text is paired with itself: ", data.ids[static_cast<std::size_t>(low)]));
    }
    pairs.push_back({{low, high}, line});
  });
  std::sort(pairs.begin(), pairs.end());
  LeftOut repeated("pairs that are there already");
  for (const auto& [pair, line] : pairs) {
    if (!data.pairs.empty() && data.pairs.back() == pair) {
      repeated.add(line);
    } else {
      data.pairs.push_back(pair);
    }
  }
  repeated.warn(path, data.warnings);
  return data;
}

fs::path find_record_file(const fs::path& folder, const char* name) {
  for (const char* extension : {".jsonl", ".json", ".tsv", ".csv"}) {
    fs::path path = folder / concat(name, extension);
    if (fs::exists(path)) return path;
  }
  fail(ErrorKind::kIo, concat(folder, ": holds no ", name, ".jsonl, .json, .tsv or .csv"));
}

}  // namespace sbert
