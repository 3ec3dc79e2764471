#include "sbert/train/training_batch.h"

#include <algorithm>
#include <string_view>

#include "sbert/base/concat.h"

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

}  // namespace

TrainingTexts training_texts(const Example& example, const ModelOptions& options) {
  const bool lower_case = options.tokenizer.do_lower_case;
  const auto document = [&](const std::string& text) {
    return compose(options.data.passage_prefix, text, lower_case);
  };
  TrainingTexts texts{compose(options.data.query_prefix, example.question, lower_case),
                      document(example.pos_doc.front()),
                      {}};
  const auto wanted = static_cast<std::size_t>(options.data.hard_negatives_to_train);
  for (std::size_t i = 0; i < std::min(wanted, example.neg_doc.size()); ++i) {
    texts.negatives.push_back(document(example.neg_doc[i]));
  }
  return texts;
}

LossTargets loss_targets(const std::vector<TrainingTexts>& rows) {
  LossTargets targets;
  for (const TrainingTexts& row : rows) {
    targets.negative_counts.push_back(static_cast<std::int64_t>(row.negatives.size()));
  }
  return targets;
}

MicroBatch make_micro_batch(const std::vector<TrainingTexts>& rows,
                            const Tokenizer& tokenizer,
                            std::int64_t max_length) {
  MicroBatch batch;
  const auto append = [&](const std::string& text) {
    batch.tokens.append(tokenizer.encode(text, max_length));
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

}  // namespace sbert
