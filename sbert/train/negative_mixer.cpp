#include "sbert/train/negative_mixer.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "sbert/base/random.h"
#include "sbert/data/text_key.h"

namespace sbert {
namespace {

// Which key of randomness is for what.
enum MixPurpose : std::uint64_t { kShares, kChoice, kRandomDocuments };

struct Counts {
  std::size_t old = 0;
  std::size_t random = 0;
  std::size_t mined = 0;
};

// Systematic sampling: points at equal distances with a random start, so that a share of 1/4 is one
// of four each time, and one of two in every second row.
Counts apportion(const NegativeMix& mix, std::int64_t total, std::uint64_t key) {
  constexpr double kTwoTo53 = 9007199254740992.0;
  const double start = static_cast<double>(derive_key(key, kShares) >> 11) / kTwoTo53;
  Counts counts;
  for (std::int64_t i = 0; i < total; ++i) {
    const double point = (static_cast<double>(i) + start) / static_cast<double>(total);
    if (point < mix.old) {
      ++counts.old;
    } else if (point < mix.old + mix.random) {
      ++counts.random;
    } else {
      ++counts.mined;
    }
  }
  return counts;
}

// Puts the negatives of a row together.
class Mixture {
 public:
  Mixture(const AnswerKeys& answers,
          const Turn& turn,
          const TrainingPool& pool,
          const ModelOptions& options)
      : answers_(answers), turn_(turn), pool_(pool), options_(options) {
    for (const RowNumber row : pool.positives(turn.record))
      taken_.push_back(text_key(document_text(pool.text(row), options, turn.is_pair)));
  }

  bool add(std::string text, std::uint64_t id) {
    const std::uint64_t key = text_key(text);
    if (std::find(taken_.begin(), taken_.end(), key) != taken_.end()) return false;
    if (answers_ && std::ranges::binary_search(*answers_, key)) return false;
    taken_.push_back(key);
    negatives_.push_back(std::move(text));
    ids_.push_back(id);
    return true;
  }

  bool add(RowNumber row) {
    return add(document_text(pool_.text(row), options_, turn_.is_pair), pool_.id_key(row));
  }

  std::size_t size() const { return negatives_.size(); }

  void move_to(TrainingTexts& row) {
    row.negatives = std::move(negatives_);
    row.negative_ids = std::move(ids_);
    row.negative_scores.clear();
    row.positive_score.reset();
  }

 private:
  const AnswerKeys& answers_;
  const Turn& turn_;
  const TrainingPool& pool_;
  const ModelOptions& options_;
  std::vector<std::uint64_t> taken_;  // text keys of the positives and the negatives
  std::vector<std::string> negatives_;
  std::vector<std::uint64_t> ids_;
};

// The mined rows in the order in which they are taken: the hardest first, or as they are drawn.
std::vector<RowNumber> in_turn(std::span<const RowNumber> mined,
                               std::size_t wanted,
                               std::uint64_t key) {
  std::vector<RowNumber> rows(mined.begin(), mined.end());
  if (rows.size() <= wanted) return rows;
  const std::vector<RowNumber> order =
      permutation(static_cast<RowNumber>(rows.size()), derive_key(key, kChoice));
  for (std::size_t i = 0; i < rows.size(); ++i)
    rows[i] = mined[order[i]];
  return rows;
}

// Takes of a list until the mixture has `size`. `next` is where the list goes on.
template <typename Add>
void take(std::size_t count, std::size_t& next, std::size_t size, Mixture& mixture, Add&& add) {
  while (next < count && mixture.size() < size)
    add(next++);
}

}  // namespace

void mix_negatives(TrainingTexts& row,
                   const Turn& turn,
                   const MinedNegatives& mined,
                   const TrainingPool& pool,
                   const ModelOptions& options) {
  const std::int64_t total = options.data.hard_negatives_to_train;
  const Counts wanted = apportion(options.mining.mix, total, turn.key);
  const std::vector<RowNumber> rows = in_turn(mined.of(turn.record), wanted.mined, turn.key);
  Mixture mixture(row.answers, turn, pool, options);
  const auto add_old = [&](std::size_t i) {
    mixture.add(row.negatives[i], row.negative_ids.empty() ? 0 : row.negative_ids[i]);
  };
  const auto add_mined = [&](std::size_t i) { mixture.add(rows[i]); };
  const std::size_t num_old = row.negatives.size();
  std::size_t next_old = 0;
  std::size_t next_mined = 0;
  take(num_old, next_old, wanted.old, mixture, add_old);
  take(rows.size(), next_mined, wanted.old + wanted.mined, mixture, add_mined);
  take(num_old, next_old, wanted.old + wanted.mined, mixture, add_old);

  // A small pool may not have as many others: then a row has fewer.
  const std::int64_t tries = 8 * total;
  for (std::int64_t i = 0; i < tries && mixture.size() < static_cast<std::size_t>(total); ++i) {
    const std::uint64_t drawn = derive_key(turn.key, kRandomDocuments, i);
    mixture.add(static_cast<RowNumber>(drawn % static_cast<std::uint64_t>(pool.num_candidates())));
  }
  mixture.move_to(row);
}

}  // namespace sbert
