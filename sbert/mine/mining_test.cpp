#include "sbert/mine/mining.h"

#include <algorithm>
#include <map>

#include <gmock/gmock.h>

#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/base/message_of.h"
#include "sbert/base/random.h"
#include "sbert/embed/packed_embedder.h"
#include "sbert/mine/rank_fusion.h"
#include "sbert/mine/test_folder.h"
#include "sbert/mine/vector_file.h"
#include "sbert/search/bm25.h"
#include "sbert/search/topk.h"
#include "tests/support/letter_model.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

std::string random_letters(std::uint64_t key) {
  std::string text;
  const std::uint64_t length = 4 + derive_key(key) % 12;
  for (std::uint64_t i = 0; i < length; ++i) {
    text += static_cast<char>('a' + derive_key(key, i, 1) % 26);
    text += ' ';
  }
  return text;
}

class MineHardNegatives : public FolderTest {
 protected:
  MineHardNegatives() {
    for (std::uint64_t i = 0; i < 300; ++i)
      texts_.push_back(random_letters(i));
    for (std::int64_t i = 0; i < 20; ++i) {
      questions_.push_back({random_letters(static_cast<std::uint64_t>(1'000 + i)), concat("q", i),
                            i % 3 == 0 ? std::vector{7 * i, 7 * i + 1} : std::vector{7 * i}});
    }
    options_.vectors_folder = folder_ / "vectors";
    options_.filter.num_negatives = 5;
    options_.filter.near_duplicate = 0;
  }

  MiningInput input() const {
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < texts_.size(); ++i)
      ids.push_back(concat("d", i));
    return {std::make_unique<TextDocuments>(texts_, std::move(ids)), questions_, true};
  }

  std::vector<MinedQuestion> mine(const Teacher& teacher = {}, int threads = 2) const {
    std::vector<MinedQuestion> mined;
    const WorkerPool pool(threads);
    mine_hard_negatives(model_, teacher, input(), options_,
                        [&](std::size_t question, const MinedQuestion& each) {
                          EXPECT_EQ(question, mined.size());
                          mined.push_back(each);
                        },
                        {pool});
    return mined;
  }

  std::vector<std::vector<std::int64_t>> mined_rows(const Teacher& teacher = {},
                                                    int threads = 2) const {
    std::vector<std::vector<std::int64_t>> rows;
    for (const MinedQuestion& each : mine(teacher, threads)) {
      rows.emplace_back();
      for (const Candidate& negative : each.negatives)
        rows.back().push_back(negative.row);
    }
    return rows;
  }

  // What is left of a whole ranking after the question's positives.
  std::vector<std::vector<std::int64_t>> best_of(
      const std::vector<std::vector<Hit>>& rankings) const {
    std::vector<std::vector<std::int64_t>> rows;
    for (std::size_t i = 0; i < rankings.size(); ++i) {
      rows.emplace_back();
      const auto& positives = questions_[i].positives;
      for (const Hit& hit : rankings[i]) {
        const bool is_positive =
            std::find(positives.begin(), positives.end(), hit.row) != positives.end();
        if (!is_positive && rows.back().size() < 5) rows.back().push_back(hit.row);
      }
    }
    return rows;
  }

  std::vector<std::vector<Hit>> rankings(const TextEmbedder& model, std::int64_t k) const {
    return exact_topk(model.embed(question_texts(), {}), model.embed(texts_, {}), k, {pool_});
  }
  std::vector<std::vector<Hit>> lexical_rankings(std::int64_t k) const {
    return bm25_topk(question_texts(), static_cast<std::int64_t>(texts_.size()),
                     [&](std::int64_t row) { return texts_[static_cast<std::size_t>(row)]; }, k, {},
                     {pool_});
  }
  std::vector<std::string> question_texts() const {
    std::vector<std::string> texts;
    for (const MiningQuestion& each : questions_)
      texts.push_back(each.text);
    return texts;
  }

  WorkerPool pool_{2};
  PackedEmbedder model_{letter_model(), pool_};
  std::vector<std::string> texts_;
  std::vector<MiningQuestion> questions_;
  MiningOptions options_;
};

TEST_F(MineHardNegatives, TakesTheNearestDocumentsThatAreNoPositives) {
  EXPECT_EQ(mined_rows(), best_of(rankings(model_, 300)));
}

TEST_F(MineHardNegatives, GraphsFindNearlyTheSameOnAnyNumberOfThreads) {
  const auto exact = mined_rows();
  options_.approximate_above = 300;
  EXPECT_EQ(mined_rows(), exact);  // the corpus is not larger than that
  options_.approximate_above = 299;
  options_.graph_documents = 80;
  const auto found = mined_rows({}, 1);
  int same = 0;
  int all = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    EXPECT_EQ(found[i].size(), exact[i].size());
    for (const std::int64_t row : exact[i]) {
      ++all;
      same += static_cast<int>(std::count(found[i].begin(), found[i].end(), row));
    }
  }
  EXPECT_GE(same, all * 95 / 100);
  EXPECT_EQ(mined_rows({}, 4), found);
}

TEST_F(MineHardNegatives, ScoresPositivesAndNegativesByTheModel) {
  const auto mined = mine();
  const FloatMatrix questions = model_.embed(question_texts(), {});
  const FloatMatrix documents = model_.embed(texts_, {});
  const auto score = [&](std::int64_t question, std::int64_t row) {
    float sum = 0;
    for (std::size_t i = 0; i < 32; ++i)
      sum += questions.row(question)[i] * documents.row(row)[i];
    return sum;
  };
  ASSERT_EQ(mined[3].positive_scores.size(), 2);
  EXPECT_NEAR(mined[3].positive_scores[1], score(3, 22), 1e-5);
  EXPECT_NEAR(mined[3].negatives[4].score, score(3, mined[3].negatives[4].row), 1e-5);
}

TEST_F(MineHardNegatives, KeepsMarginsBelowTheLowestPositive) {
  options_.filter.absolute_margin = 0.05;
  for (const MinedQuestion& each : mine()) {
    const float lowest =
        *std::min_element(each.positive_scores.begin(), each.positive_scores.end());
    for (const Candidate& negative : each.negatives)
      EXPECT_LE(negative.score + 0.05F, lowest);
  }
}

TEST_F(MineHardNegatives, FindsPlantedFalseNegatives) {
  questions_[1].text = texts_[7] + "z";           // near its positive
  texts_[60] = questions_[1].text;                // the question itself
  texts_[61] = concat("  ", texts_[7], "!");      // its positive with punctuation
  texts_[62] = texts_[7];                         // and under another id
  texts_[63] = concat(questions_[1].text, " q");  // near, but no false negative
  const MinedQuestion mined = mine()[1];
  std::vector<std::int64_t> rows;
  for (const Candidate& negative : mined.negatives)
    rows.push_back(negative.row);
  EXPECT_THAT(rows, testing::Contains(63));
  for (const std::int64_t row : {7, 60, 61, 62})
    EXPECT_THAT(rows, testing::Not(testing::Contains(row)));
  EXPECT_EQ(mined.dropped[static_cast<std::size_t>(FilterRule::kPositive)], 1);
  EXPECT_EQ(mined.dropped[static_cast<std::size_t>(FilterRule::kSameText)], 3);
}

TEST_F(MineHardNegatives, HasTheSameBitsOnAnyThreads) {
  options_.filter.sampling = Sampling::kRandom;
  options_.candidates = CandidateSource::kHybrid;
  const auto one = mine({}, 1);
  std::filesystem::remove_all(options_.vectors_folder);
  const auto two = mine({}, 2);
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].negatives, two[i].negatives);
    EXPECT_EQ(one[i].positive_scores, two[i].positive_scores);
    EXPECT_EQ(one[i].dropped, two[i].dropped);
  }
}

TEST_F(MineHardNegatives, RemovingVectorsLeavesAllOtherFiles) {
  mine();
  const std::filesystem::path notes = options_.vectors_folder / "notes.txt";
  write_file_atomically(notes, "precious");
  remove_vectors(options_.vectors_folder);
  EXPECT_EQ(read_file(notes), "precious");
  EXPECT_FALSE(std::filesystem::exists(options_.vectors_folder / "documents.vectors"));
  std::filesystem::remove(notes);
  mine();
  remove_vectors(options_.vectors_folder);
  EXPECT_FALSE(std::filesystem::exists(options_.vectors_folder));
}

TEST_F(MineHardNegatives, DrawsOtherNegativesForAnotherSeed) {
  options_.filter.sampling = Sampling::kRandom;
  const auto first = mined_rows();
  EXPECT_EQ(mined_rows(), first);
  options_.seed = 1;
  EXPECT_NE(mined_rows(), first);
}

TEST_F(MineHardNegatives, TakesCandidatesFromBm25) {
  options_.candidates = CandidateSource::kBm25;
  EXPECT_EQ(mined_rows(), best_of(lexical_rankings(300)));
}

TEST_F(MineHardNegatives, FusesBothRankings) {
  options_.candidates = CandidateSource::kHybrid;
  const std::int64_t depth = options_.filter.last_rank(2) + 2;
  const auto dense = rankings(model_, depth);
  const auto lexical = lexical_rankings(depth);
  std::vector<std::vector<Hit>> fused;
  for (std::size_t i = 0; i < dense.size(); ++i)
    fused.push_back(fuse_ranks(dense[i], lexical[i], depth));
  EXPECT_EQ(mined_rows(), best_of(fused));
}

TEST_F(MineHardNegatives, OrdersByTheTeacher) {
  TextModel other = letter_model();
  other.weights = random_weights(other.encoder, 7);
  const PackedEmbedder teacher(std::move(other), pool_);
  options_.filter.range_max = 300;  // every document is a candidate
  EXPECT_EQ(mined_rows({.embedder = &teacher}), best_of(rankings(teacher, 300)));
  EXPECT_NE(mined_rows(), mined_rows({.embedder = &teacher}));
}

TEST_F(MineHardNegatives, UsesTheEmbeddingsOfTheLastRun) {
  const auto first = mine();
  {
    std::fstream file(options_.vectors_folder / "documents.vectors",
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4'096);
    file << std::string(300 * 32 * 4, '\0');
  }
  EXPECT_EQ(mine()[0].negatives[0].score, 0);
  texts_[0] += " x";  // another corpus
  EXPECT_NE(mine()[0].negatives[0].score, 0);
}

TEST_F(MineHardNegatives, StopsShortWhenTheSinkFailsAndGoesOnWithoutEmbeddingAgain) {
  const auto fail_at_once = [](std::size_t, const MinedQuestion&) {
    fail(ErrorKind::kIo, "disk full");
  };
  EXPECT_THROW(mine_hard_negatives(model_, {}, input(), options_, fail_at_once, {pool_}), Error);
  const auto time = std::filesystem::last_write_time(options_.vectors_folder / "documents.vectors");
  EXPECT_EQ(mined_rows(), best_of(rankings(model_, 300)));
  EXPECT_EQ(std::filesystem::last_write_time(options_.vectors_folder / "documents.vectors"), time);
}

TEST_F(MineHardNegatives, RefusesMemoryThatCannotSuffice) {
  options_.memory_bytes = 1 << 20;
  try {
    mine();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("memory must be at least"));
  }
}

TEST_F(MineHardNegatives, StopsWhenItIsAskedTo) {
  StopSource stop;
  stop.request_stop();
  EXPECT_EQ(message_of(ErrorKind::kCancelled,
                       [&] {
                         mine_hard_negatives(model_, {}, input(), options_,
                                             [](std::size_t, const MinedQuestion&) {},
                                             {pool_, stop.token()});
                       }),
            "interrupted");
}

TEST_F(MineHardNegatives, RefusesUnknownCandidates) {
  EXPECT_EQ(
      message_of(ErrorKind::kUsage, [] { parse_enum<CandidateSource>("candidates", "sparse"); }),
      "candidates must be one of dense, bm25, hybrid: sparse");
}

TEST_F(MineHardNegatives, HasNothingToDoWithoutQuestions) {
  questions_.clear();
  EXPECT_THAT(mine(), testing::IsEmpty());
}

}  // namespace
}  // namespace sbert
