#include "sbert/mine/miner.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include <gmock/gmock.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/message_of.h"
#include "sbert/base/random.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

constexpr std::int64_t kColumns = 33;  // no multiple of a register

FloatMatrix random_rows(std::int64_t rows, std::uint64_t seed) {
  FloatMatrix matrix(rows, kColumns);
  for (std::size_t i = 0; i < matrix.values.size(); ++i) {
    const auto bits = static_cast<double>(derive_key(seed, i) >> 40);
    matrix.values[i] = static_cast<float>(bits / 8'388'608.0 - 1);
  }
  return matrix;
}

class ListedQuestions final : public Questions {
 public:
  explicit ListedQuestions(std::vector<std::vector<std::int64_t>> positives)
      : positives_(std::move(positives)) {}
  std::int64_t size() const override { return std::ssize(positives_); }
  std::string text(std::int64_t question) const override { return concat("question ", question); }
  std::vector<std::int64_t> positives(std::int64_t question) const override {
    return positives_[static_cast<std::size_t>(question)];
  }
  std::uint64_t id_key(std::int64_t) const override { return 0; }
  std::uint64_t random_key(std::int64_t question) const override {
    return static_cast<std::uint64_t>(question);
  }

 private:
  std::vector<std::vector<std::int64_t>> positives_;
};

TextDocuments numbered_documents(int count) {
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i)
    texts.push_back(concat("document ", i));
  return TextDocuments(std::move(texts));
}

class MinerTest : public testing::Test {
 protected:
  MinerTest() {
    filter_.num_negatives = 3;
    filter_.range_max = 40;
    filter_.near_duplicate = 0;
  }

  // In blocks of rows; those from `searched` on are positives alone.
  std::vector<ScoredCandidates> find(const Miner& miner,
                                     std::int64_t block,
                                     std::int64_t searched = 40) const {
    CandidateSearch search = miner.search(0, asked_);
    const auto visit = [&](std::int64_t begin, std::int64_t end, auto&& add) {
      for (std::int64_t first = begin; first < end; first += block) {
        std::vector<std::int64_t> rows(static_cast<std::size_t>(std::min(block, end - first)));
        std::iota(rows.begin(), rows.end(), first);
        add(rows, MatrixView(vectors_).part(first, std::ssize(rows)));
      }
    };
    visit(0, searched, [&](const auto& rows, MatrixView part) { search.add(rows, part); });
    visit(searched, 40,
          [&](const auto& rows, MatrixView part) { search.add_positives(rows, part); });
    return search.take();
  }

  WorkerPool pool_{2};
  FilterOptions filter_;
  ListedQuestions questions_{{{4}, {30, 7}, {}, {12}}};
  TextDocuments documents_ = numbered_documents(40);
  FloatMatrix asked_ = random_rows(4, 1);
  FloatMatrix vectors_ = random_rows(40, 2);
};

TEST_F(MinerTest, FindsTheSameBitsInBlocksOfAnySize) {
  const Miner miner(questions_, documents_, filter_, {pool_});
  const auto whole = find(miner, 40);
  ASSERT_EQ(whole.size(), 4U);
  EXPECT_EQ(std::ssize(whole[0].candidates), miner.depth());
  for (const std::int64_t block : {1, 7, 16}) {
    const auto parts = find(miner, block);
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(parts[i].candidates, whole[i].candidates) << block;
      EXPECT_EQ(parts[i].positive_scores, whole[i].positive_scores) << block;
    }
  }
}

TEST_F(MinerTest, APositiveScoresAsItDoesAmongTheCandidates) {
  const Miner miner(questions_, documents_, filter_, {pool_});
  const auto found = find(miner, 16);
  for (std::size_t i = 0; i < 4; ++i) {
    const std::vector<std::int64_t> positives = questions_.positives(static_cast<std::int64_t>(i));
    for (std::size_t place = 0; place < positives.size(); ++place) {
      for (const Candidate& each : found[i].candidates) {
        if (each.row == positives[place]) {
          EXPECT_EQ(each.score, found[i].positive_scores[place]);
        }
      }
    }
  }
}

TEST_F(MinerTest, PositivesThatAreNoCandidatesHaveScoresAllTheSame) {
  const Miner miner(questions_, documents_, filter_, {pool_});
  const auto all = find(miner, 40);
  const auto some = find(miner, 8, 25);
  EXPECT_EQ(some[1].positive_scores, all[1].positive_scores);  // of row 30, too
  for (const Candidate& each : some[1].candidates)
    EXPECT_LT(each.row, 25);
}

TEST_F(MinerTest, RowsMayHaveGaps) {
  const Miner miner(questions_, documents_, filter_, {pool_});
  CandidateSearch search = miner.search(0, asked_);
  FloatMatrix taken(3, kColumns);
  const std::vector<std::int64_t> rows{4, 5, 30};
  for (std::int64_t i = 0; i < 3; ++i)
    std::ranges::copy(vectors_.row(rows[static_cast<std::size_t>(i)]), taken.row(i).begin());
  search.add(rows, taken);
  search.add(std::vector<std::int64_t>{38}, MatrixView(vectors_).part(38, 1));
  const std::vector<ScoredCandidates> found = search.take();
  std::vector<std::int64_t> taken_rows;
  for (const Candidate& each : found[2].candidates)
    taken_rows.push_back(each.row);
  EXPECT_THAT(taken_rows, testing::UnorderedElementsAre(4, 5, 30, 38));
}

TEST_F(MinerTest, ChoosesTheBestThatAreNoPositives) {
  const Miner miner(questions_, documents_, filter_, {pool_});
  const auto found = find(miner, 40);
  const auto mined = miner.choose(0, found);
  ASSERT_EQ(mined.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    std::vector<Candidate> expected;
    const auto positives = questions_.positives(static_cast<std::int64_t>(i));
    for (const Candidate& each : found[i].candidates) {
      const bool is_positive = std::ranges::find(positives, each.row) != positives.end();
      if (!is_positive && expected.size() < 3) expected.push_back(each);
    }
    EXPECT_THAT(mined[i].negatives, ElementsAreArray(expected));
    EXPECT_EQ(mined[i].positive_scores, found[i].positive_scores);
  }
}

TEST_F(MinerTest, MarginsAreThoseBelowTheLowestPositive) {
  filter_.absolute_margin = 0;
  const Miner miner(questions_, documents_, filter_, {pool_});
  const std::vector<ScoredCandidates> found{{{{1, 0.9F}, {2, 0.5F}, {3, 0.2F}}, {0.8F, 0.5F}}};
  const auto mined = miner.choose(1, found);
  ASSERT_EQ(mined.size(), 1U);
  EXPECT_THAT(mined[0].negatives, ElementsAre(Candidate{2, 0.5F}, Candidate{3, 0.2F}));
}

TEST_F(MinerTest, AStopEndsTheSearch) {
  StopSource source;
  source.request_stop();
  const Miner miner(questions_, documents_, filter_, {pool_, source.token()});
  EXPECT_EQ(message_of(ErrorKind::kCancelled, [&] { find(miner, 40); }), "interrupted");
}

}  // namespace
}  // namespace sbert
