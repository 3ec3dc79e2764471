#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sbert/base/matrix.h"
#include "sbert/base/worker_pool.h"
#include "sbert/mine/documents.h"
#include "sbert/mine/negative_filter.h"
#include "sbert/search/topk.h"

namespace sbert {

/// The questions whose negatives are mined, by number from 0. They may be on disk. Any thread may
/// call.
class Questions {
 public:
  virtual ~Questions() = default;

  virtual std::int64_t size() const = 0;
  virtual std::string text(std::int64_t question) const = 0;
  /// Rows of the documents that answer it, each once.
  virtual std::vector<std::int64_t> positives(std::int64_t question) const = 0;
  /// bytes_key() of the question's own id, which no negative may have; 0 if there is none.
  virtual std::uint64_t id_key(std::int64_t question) const = 0;
  /// Of the random choice among its candidates.
  virtual std::uint64_t random_key(std::int64_t question) const = 0;
};

/// What was found for a question.
struct MinedQuestion {
  std::vector<float> positive_scores{};  ///< one for each of its positives
  std::vector<Candidate> negatives{};    ///< best first
  RuleCounts dropped{};
};

/// What the negatives of a question are chosen from.
struct ScoredCandidates {
  std::vector<Candidate> candidates{};   ///< best first
  std::vector<float> positive_scores{};  ///< one for each of its positives
};

/// Exact search for the candidates of questions, and for the scores of their positives, among
/// documents whose vectors come block by block, mapped from a file or embedded just now: they need
/// not be in memory together. Scores are those of pair_scores(). One thread.
class CandidateSearch {
 public:
  /// Looks at documents, whose rows are above those before.
  /// @param rows    [n] ascending
  /// @param vectors [n, D]
  /// @throws Error(kInput) if a score is not a number; Error(kCancelled)
  void add(std::span<const std::int64_t> rows, MatrixView vectors);
  /// The same for documents that are not candidates, but may be positives.
  void add_positives(std::span<const std::int64_t> rows, MatrixView vectors);

  /// One for each question. To be called once, when all documents have been there.
  std::vector<ScoredCandidates> take();

 private:
  friend class Miner;
  struct Answer {
    std::int64_t row;
    std::int64_t question;  // place in the vectors
    std::int64_t place;     // among the question's positives
    friend auto operator<=>(const Answer&, const Answer&) = default;
  };
  // Rows that follow each other, from a place among all documents on.
  struct Run {
    std::int64_t place;
    std::int64_t row;
  };
  CandidateSearch(MatrixView questions,
                  const std::vector<std::vector<std::int64_t>>& positives,
                  std::int64_t depth,
                  const ComputeContext& context);
  std::int64_t row_at(std::int64_t place) const;

  MatrixView questions_;
  ComputeContext context_;
  PiecewiseTopk topk_;
  std::vector<Run> runs_;
  std::int64_t num_rows_ = 0;    // that were added
  std::vector<Answer> answers_;  // ascending
  std::vector<std::vector<float>> positive_scores_;
};

/// Mines hard negatives: from the documents that are nearest to a question it drops what may answer
/// it after all, and chooses. Mining of files and mining in training share it, so that the same
/// pair of texts passes the same filters in both.
class Miner {
 public:
  /// @param all outlive this object; the pool of the context, too
  Miner(const Questions& questions,
        const Documents& documents,
        const FilterOptions& filter,
        const ComputeContext& context);

  /// Candidates that a question needs: positives take up ranks, too, before they are dropped.
  std::int64_t depth() const { return depth_; }

  /// Begins the search for some questions.
  /// @param first   the first of them
  /// @param vectors [n, D] of theirs; outlives the search
  CandidateSearch search(std::int64_t first, MatrixView vectors) const;

  /// Chooses the negatives of some questions, on the threads of the pool.
  /// @param first the first of them
  /// @param found one for each
  /// @throws Error(kCancelled)
  std::vector<MinedQuestion> choose(std::int64_t first, std::vector<ScoredCandidates> found) const;

 private:
  MinedQuestion choose_for(std::int64_t question, const ScoredCandidates& found) const;

  const Questions& questions_;
  const Documents& documents_;
  const FilterOptions& filter_;
  ComputeContext context_;
  std::int64_t last_rank_ = 0;
  std::int64_t depth_ = 0;
};

}  // namespace sbert
