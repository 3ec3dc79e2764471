#include "sbert/mine/miner.h"

#include <algorithm>
#include <utility>

#include "sbert/search/row_products.h"

namespace sbert {
namespace {

constexpr std::size_t kPairsPerTask = 256;
constexpr std::size_t kQuestionsPerTask = 64;

std::size_t num_tasks(std::size_t items, std::size_t items_per_task) {
  return (items + items_per_task - 1) / items_per_task;
}

}  // namespace

CandidateSearch::CandidateSearch(MatrixView questions,
                                 const std::vector<std::vector<std::int64_t>>& positives,
                                 std::int64_t depth,
                                 const ComputeContext& context)
    : questions_(questions), context_(context), topk_(questions, depth, context) {
  for (std::size_t i = 0; i < positives.size(); ++i) {
    positive_scores_.emplace_back(positives[i].size());
    for (std::size_t place = 0; place < positives[i].size(); ++place) {
      answers_.push_back(
          {positives[i][place], static_cast<std::int64_t>(i), static_cast<std::int64_t>(place)});
    }
  }
  std::sort(answers_.begin(), answers_.end());
}

void CandidateSearch::add(std::span<const std::int64_t> rows, MatrixView vectors) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::int64_t place = num_rows_ + static_cast<std::int64_t>(i);
    if (runs_.empty() || rows[i] != row_at(place)) runs_.push_back({place, rows[i]});
  }
  topk_.add(vectors, num_rows_);
  num_rows_ += vectors.rows;
  add_positives(rows, vectors);
}

void CandidateSearch::add_positives(std::span<const std::int64_t> rows, MatrixView vectors) {
  struct Pair {
    const Answer* answer;
    std::int64_t vector;
  };
  if (rows.empty()) return;
  std::vector<Pair> pairs;
  auto answer = std::lower_bound(answers_.begin(), answers_.end(), Answer{rows.front(), 0, 0});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    while (answer != answers_.end() && answer->row < rows[i])
      ++answer;
    for (; answer != answers_.end() && answer->row == rows[i]; ++answer)
      pairs.push_back({&*answer, static_cast<std::int64_t>(i)});
  }
  const auto score_part = [&](std::size_t task) {
    const std::size_t end = std::min(pairs.size(), (task + 1) * kPairsPerTask);
    for (std::size_t i = task * kPairsPerTask; i < end; ++i) {
      const auto& [of, vector] = pairs[i];
      auto& scores = positive_scores_[static_cast<std::size_t>(of->question)];
      scores[static_cast<std::size_t>(of->place)] =
          pair_scores(vectors.part(vector, 1), questions_.row(of->question)).front();
    }
  };
  context_.pool.for_each(num_tasks(pairs.size(), kPairsPerTask), score_part, context_.stop);
}

// The row at a place; behind the last run, the rows that no run has yet.
std::int64_t CandidateSearch::row_at(std::int64_t place) const {
  const auto after =
      std::upper_bound(runs_.begin(), runs_.end(), place,
                       [](std::int64_t wanted, const Run& run) { return wanted < run.place; });
  const Run& run = *std::prev(after);
  return run.row + (place - run.place);
}

std::vector<ScoredCandidates> CandidateSearch::take() {
  const std::vector<std::vector<Hit>> hits = topk_.take();
  std::vector<ScoredCandidates> found(hits.size());
  for (std::size_t i = 0; i < hits.size(); ++i) {
    for (const Hit& hit : hits[i])
      found[i].candidates.push_back({row_at(hit.row), hit.score});
    found[i].positive_scores = std::move(positive_scores_[i]);
  }
  return found;
}

Miner::Miner(const Questions& questions,
             const Documents& documents,
             const FilterOptions& filter,
             const ComputeContext& context)
    : questions_(questions), documents_(documents), filter_(filter), context_(context) {
  std::int64_t max_positives = 0;
  for (std::int64_t i = 0; i < questions.size(); ++i)
    max_positives = std::max(max_positives, std::ssize(questions.positives(i)));
  last_rank_ = filter.last_rank(max_positives);
  depth_ = std::min(last_rank_ + max_positives, documents.size());
}

CandidateSearch Miner::search(std::int64_t first, MatrixView vectors) const {
  std::vector<std::vector<std::int64_t>> positives;
  for (std::int64_t i = 0; i < vectors.rows; ++i)
    positives.push_back(questions_.positives(first + i));
  return {vectors, positives, depth_, context_};
}

std::vector<MinedQuestion> Miner::choose(std::int64_t first,
                                         std::vector<ScoredCandidates> found) const {
  std::vector<MinedQuestion> mined(found.size());
  const auto choose_part = [&](std::size_t task) {
    const std::size_t end = std::min(found.size(), (task + 1) * kQuestionsPerTask);
    for (std::size_t i = task * kQuestionsPerTask; i < end; ++i)
      mined[i] = choose_for(first + static_cast<std::int64_t>(i), std::exchange(found[i], {}));
  };
  context_.pool.for_each(num_tasks(found.size(), kQuestionsPerTask), choose_part, context_.stop);
  return mined;
}

MinedQuestion Miner::choose_for(std::int64_t question, const ScoredCandidates& found) const {
  KnownAnswers known{.rows = questions_.positives(question), .question = questions_.text(question)};
  if (const std::uint64_t key = questions_.id_key(question); key != 0) known.id_keys.push_back(key);
  for (const std::int64_t row : known.rows) {
    known.texts.push_back(documents_.text(row));
    if (const std::uint64_t key = documents_.id_key(row); key != 0) known.id_keys.push_back(key);
  }
  for (const float score : found.positive_scores)
    known.lowest_score = std::min(known.lowest_score, score);
  Selection selection = select_negatives(found.candidates, known, documents_, filter_, last_rank_,
                                         questions_.random_key(question));
  return {found.positive_scores, std::move(selection.negatives), selection.dropped};
}

}  // namespace sbert
