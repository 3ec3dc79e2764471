#include "sbert/train/training_batch.h"

#include <algorithm>
#include <string_view>

#include "sbert/base/concat.h"
#include "sbert/data/split.h"
#include "sbert/data/text_key.h"

namespace sbert {
namespace {

// What Python's str.strip() takes off, of ASCII; the tokenizer drops the rest.
std::string_view strip(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\n\v\f\r\x1c\x1d\x1e\x1f";
  const std::size_t first = text.find_first_not_of(kSpaces);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

std::string compose(const std::string& prefix, const std::string& text, bool lower_case) {
  std::string whole(strip(concat(prefix, ' ', text)));
  if (lower_case) {
    // Beyond ASCII the tokenizer's own normalizer lower-cases, where the model wants that.
    std::transform(whole.begin(), whole.end(), whole.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  }
  return whole;
}

// Which negatives are taken, in order, of those that may be.
std::vector<std::size_t> choose(const std::vector<std::size_t>& from,
                                std::int64_t most,
                                std::optional<std::uint64_t> key) {
  const std::size_t count = std::min(from.size(), static_cast<std::size_t>(most));
  std::vector<std::size_t> chosen(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(count));
  if (key && count < from.size()) {
    const std::vector<RowNumber> drawn = permutation(static_cast<RowNumber>(from.size()), *key);
    for (std::size_t i = 0; i < count; ++i)
      chosen[i] = from[drawn[i]];
  }
  return chosen;
}

// The places of the negatives that are no answers.
std::vector<std::size_t> true_negatives(const Example& example,
                                        const ModelOptions& options,
                                        const AnswerKeys& answers) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < example.neg_doc.size(); ++i) {
    const bool is_answer =
        answers && std::ranges::binary_search(
                       *answers, document_key(example.neg_doc[i], options, example.form));
    if (!is_answer) places.push_back(i);
  }
  return places;
}

// The documents' keys, positives before negatives.
void fill_document_keys(const std::vector<TrainingTexts>& rows, LossTargets& targets) {
  for (const TrainingTexts& row : rows) {
    targets.text_keys.push_back(text_key(row.positive));
    targets.id_keys.push_back(row.positive_id);
  }
  for (const TrainingTexts& row : rows) {
    for (std::size_t i = 0; i < row.negatives.size(); ++i) {
      targets.text_keys.push_back(text_key(row.negatives[i]));
      targets.id_keys.push_back(row.negative_ids.empty() ? 0 : row.negative_ids[i]);
    }
  }
}

}  // namespace

std::string question_text(const std::string& text, const ModelOptions& options, bool is_pair) {
  return compose(is_pair ? options.data.pair_prefix : options.data.query_prefix, text,
                 options.tokenizer.do_lower_case);
}

std::string document_text(const std::string& text, const ModelOptions& options, bool is_pair) {
  return compose(is_pair ? options.data.pair_prefix : options.data.passage_prefix, text,
                 options.tokenizer.do_lower_case);
}

std::uint64_t document_key(const std::string& text, const ModelOptions& options, RecordForm form) {
  return text_key(document_text(text, options, form == RecordForm::kPair));
}

std::string text_without_prefix(const std::string& text, const ModelOptions& options) {
  return compose("", text, options.tokenizer.do_lower_case);
}

TrainingTexts training_texts(const Example& example,
                             const ModelOptions& options,
                             const DocumentChoice& choice) {
  const bool is_pair = example.form == RecordForm::kPair;
  TrainingTexts texts{question_text(example.question, options, is_pair),
                      document_text(example.pos_doc.at(choice.positive), options, is_pair),
                      {}};
  texts.label = example.label;
  if (!example.pos_doc_ids.empty()) texts.positive_id = example.pos_doc_ids[choice.positive];
  if (!example.pos_scores.empty()) texts.positive_score = example.pos_scores[choice.positive];
  const std::vector<std::size_t> negatives = true_negatives(example, options, choice.answers);
  texts.question_as_document = document_key(example.question, options, example.form);
  texts.answers = choice.answers;
  texts.num_dropped = std::ssize(example.neg_doc) - std::ssize(negatives);
  for (const std::size_t i :
       choose(negatives, options.data.hard_negatives_to_train, choice.negatives_key)) {
    texts.negatives.push_back(document_text(example.neg_doc[i], options, is_pair));
    if (!example.neg_doc_ids.empty()) texts.negative_ids.push_back(example.neg_doc_ids[i]);
    if (!example.neg_scores.empty()) texts.negative_scores.push_back(example.neg_scores[i]);
  }
  return texts;
}

void drop_negatives(TrainingTexts& row, std::span<const std::size_t> negatives) {
  const auto erase = [](auto& values, std::size_t i) {
    if (!values.empty()) values.erase(values.begin() + static_cast<std::ptrdiff_t>(i));
  };
  for (std::size_t n = negatives.size(); n-- > 0;) {
    erase(row.negatives, negatives[n]);
    erase(row.negative_ids, negatives[n]);
    erase(row.negative_scores, negatives[n]);
  }
}

LossTargets loss_targets(const std::vector<TrainingTexts>& rows) {
  LossTargets targets;
  for (const TrainingTexts& row : rows) {
    if (row.label) targets.labels.push_back(*row.label);
    if (row.positive_score) targets.positive_scores.push_back(*row.positive_score);
    targets.negative_counts.push_back(static_cast<std::int64_t>(row.negatives.size()));
    targets.negative_scores.insert(targets.negative_scores.end(), row.negative_scores.begin(),
                                   row.negative_scores.end());
  }
  fill_document_keys(rows, targets);
  for (const TrainingTexts& row : rows) {
    targets.question_keys.push_back(text_key(row.question));
    targets.answer_keys.push_back(row.answers);
  }
  return targets;
}

MicroBatch make_micro_batch(const std::vector<TrainingTexts>& rows,
                            const Tokenizer& tokenizer,
                            std::int64_t max_length) {
  MicroBatch batch;
  const auto append = [&](const std::string& text) {
    const TokenizedText tokenized = tokenizer.tokenize(text, max_length);
    batch.tokens.append(tokenized.ids);
    batch.num_cut += tokenized.is_cut ? 1 : 0;
  };
  for (const TrainingTexts& row : rows)
    append(row.question);
  for (const TrainingTexts& row : rows)
    append(row.positive);
  for (const TrainingTexts& row : rows) {
    for (const std::string& negative : row.negatives)
      append(negative);
  }
  batch.targets = loss_targets(rows);
  return batch;
}

std::vector<MicroBatch> make_micro_batches(const std::vector<TrainingTexts>& rows,
                                           const Tokenizer& tokenizer,
                                           const ModelOptions& options,
                                           const BatchShare& share) {
  const std::int64_t size = options.micro_batch_size;
  const std::int64_t count = (std::ssize(rows) + size - 1) / size;
  std::vector<MicroBatch> batches;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto first = rows.begin() + i * size;
    const std::vector<TrainingTexts> part(first, first + std::min(size, rows.end() - first));
    if (share.has(i, count)) {
      batches.push_back(make_micro_batch(part, tokenizer, options.encoder_seq_length));
    } else {
      batches.push_back({{}, loss_targets(part)});
    }
    for (const TrainingTexts& row : part)
      batches.back().num_dropped_negatives += row.num_dropped;
  }
  return batches;
}

}  // namespace sbert
