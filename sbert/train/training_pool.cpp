#include "sbert/train/training_pool.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <unordered_map>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/random.h"
#include "sbert/data/text_key.h"
#include "sbert/data/text_lines.h"

namespace sbert {
namespace {

constexpr RowNumber kNoQuestion = std::numeric_limits<RowNumber>::max();

std::vector<TextRecord> read_corpus(const std::string& corpus, std::optional<InputFormat> format) {
  const std::filesystem::path path(corpus);
  return read_text_records(std::filesystem::is_directory(path) ? path / "corpus.jsonl" : path,
                           format);
}

}  // namespace

// Finds what is there already; of no use once the pool is whole.
class TrainingPool::Builder {
 public:
  explicit Builder(TrainingPool& pool) : pool_(pool) {}

  RowNumber add(std::string text, std::uint64_t id_key) {
    const std::uint64_t key = text_key(text);
    const auto [place, is_new] = rows_.try_emplace(key, static_cast<RowNumber>(rows_.size()));
    if (is_new) {
      if (rows_.size() > kNoQuestion) fail(ErrorKind::kInput, "more than 4,294,967,295 documents");
      pool_.texts_.push_back(std::move(text));
      pool_.id_keys_.push_back(id_key);
      pool_.content_key_ = derive_key(pool_.content_key_, key);
    }
    return place->second;
  }

  // The number of a question, the same for the same text.
  RowNumber add_question(const std::string& text) {
    return questions_.try_emplace(text_key(text), static_cast<RowNumber>(questions_.size()))
        .first->second;
  }

 private:
  TrainingPool& pool_;
  std::unordered_map<std::uint64_t, RowNumber> rows_;  // by text_key()
  std::unordered_map<std::uint64_t, RowNumber> questions_;
};

TrainingPool::TrainingPool(const ExampleSet& examples,
                           std::span<const RowNumber> records,
                           const std::string& corpus,
                           std::optional<InputFormat> format)
    : question_of_record_(static_cast<std::size_t>(examples.size()), kNoQuestion) {
  Builder builder(*this);
  if (!corpus.empty()) {
    for (TextRecord& each : read_corpus(corpus, format)) {
      const std::uint64_t id_key = bytes_key(each.id);
      if (!each.text.empty()) builder.add(std::move(each.text), id_key);
    }
    num_candidates_ = size();
  }
  // In the order of the files, so that rows do not depend on the order of training.
  std::vector<RowNumber> in_order(records.begin(), records.end());
  std::sort(in_order.begin(), in_order.end());
  std::vector<std::pair<RowNumber, RowNumber>> answers;  // question, row
  const auto id_of = [](const std::vector<std::uint64_t>& ids, std::size_t i) {
    return ids.empty() ? 0 : ids[i];
  };
  for (const RowNumber record : in_order) {
    Example example = examples.read(record);
    const RowNumber question = builder.add_question(example.question);
    question_of_record_[record] = question;
    for (std::size_t i = 0; i < example.pos_doc.size(); ++i) {
      answers.emplace_back(
          question, builder.add(std::move(example.pos_doc[i]), id_of(example.pos_doc_ids, i)));
    }
    for (std::size_t i = 0; corpus.empty() && i < example.neg_doc.size(); ++i)
      builder.add(std::move(example.neg_doc[i]), id_of(example.neg_doc_ids, i));
  }
  if (corpus.empty()) num_candidates_ = size();
  if (num_candidates_ == 0) fail(ErrorKind::kInput, concat(corpus, ": no documents to mine from"));

  std::sort(answers.begin(), answers.end());
  answers.erase(std::unique(answers.begin(), answers.end()), answers.end());
  for (const auto& [question, row] : answers) {
    first_positive_.resize(std::size_t{question} + 1, positives_.size());
    positives_.push_back(row);
  }
  first_positive_.push_back(positives_.size());
}

std::span<const RowNumber> TrainingPool::positives(std::int64_t record) const {
  const RowNumber question = question_of_record_.at(static_cast<std::size_t>(record));
  if (question == kNoQuestion) return {};
  const std::size_t first = first_positive_[question];
  return std::span(positives_).subspan(first, first_positive_[std::size_t{question} + 1] - first);
}

}  // namespace sbert
