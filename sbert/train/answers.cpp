#include "sbert/train/answers.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "sbert/base/progress.h"
#include "sbert/data/text_key.h"
#include "sbert/train/training_batch.h"

namespace sbert {
namespace {

struct RecordOfQuestion {
  std::uint64_t question = 0;
  std::int64_t record = 0;

  friend auto operator<=>(const RecordOfQuestion&, const RecordOfQuestion&) = default;
};

// Those whose question is that of another, by question.
std::vector<RecordOfQuestion> repeated_questions(const ExampleSet& examples) {
  std::vector<RecordOfQuestion> records;
  records.reserve(static_cast<std::size_t>(examples.size()));
  for (std::int64_t i = 0; i < examples.size(); ++i)
    records.push_back({examples.question_key(i), i});
  std::ranges::sort(records);
  std::vector<RecordOfQuestion> repeated;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const std::uint64_t question = records[i].question;
    const bool is_as_before = i > 0 && records[i - 1].question == question;
    const bool is_as_after = i + 1 < records.size() && records[i + 1].question == question;
    if (is_as_before || is_as_after) repeated.push_back(records[i]);
  }
  return repeated;
}

AnswerKeys in_order(std::vector<std::uint64_t> keys) {
  std::ranges::sort(keys);
  const auto rest = std::ranges::unique(keys);
  keys.erase(rest.begin(), rest.end());
  keys.shrink_to_fit();
  return std::make_shared<const std::vector<std::uint64_t>>(std::move(keys));
}

}  // namespace

Answers::Answers(const ExampleSet& examples, const ModelOptions& options) : options_(options) {
  const std::vector<RecordOfQuestion> repeated = repeated_questions(examples);
  Progress progress("reading positives", std::ssize(repeated), "records");
  std::vector<std::uint64_t> keys;
  for (std::size_t i = 0; i < repeated.size(); ++i) {
    add(examples.read(repeated[i].record), keys);
    progress.advance(1);
    const bool is_last =
        i + 1 == repeated.size() || repeated[i + 1].question != repeated[i].question;
    if (is_last) of_repeated_.emplace(repeated[i].question, in_order(std::exchange(keys, {})));
  }
}

void Answers::add(const Example& example, std::vector<std::uint64_t>& keys) const {
  keys.push_back(document_key(example.question, options_, example.form));
  for (const std::string& positive : example.pos_doc)
    keys.push_back(document_key(positive, options_, example.form));
}

AnswerKeys Answers::of(const Example& example) const {
  const auto found = of_repeated_.find(text_key(example.question));
  if (found != of_repeated_.end()) return found->second;
  std::vector<std::uint64_t> keys;
  add(example, keys);
  return in_order(std::move(keys));
}

}  // namespace sbert
