#include "sbert/search/bm25.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

#include <gmock/gmock.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/message_of.h"
#include "sbert/base/random.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Texts = std::vector<std::string>;

std::vector<std::vector<Hit>> best_documents(const Texts& queries,
                                             const Texts& documents,
                                             std::int64_t k,
                                             const Bm25Options& options = {},
                                             int threads = 2) {
  const WorkerPool pool(threads);
  return bm25_topk(queries, static_cast<std::int64_t>(documents.size()),
                   [&](std::int64_t row) { return documents[static_cast<std::size_t>(row)]; }, k,
                   options, {pool});
}

// By the formula, over words parted by single spaces.
double score_of(const std::string& query, std::size_t row, const Texts& documents) {
  const auto words_of = [](const std::string& text) {
    std::istringstream stream(text);
    return std::vector<std::string>(std::istream_iterator<std::string>(stream), {});
  };
  double total_length = 0;
  std::map<std::string, double> documents_with;
  for (const std::string& document : documents) {
    const auto words = words_of(document);
    total_length += static_cast<double>(words.size());
    for (const std::string& word : std::set<std::string>(words.begin(), words.end()))
      ++documents_with[word];
  }
  const auto count = static_cast<double>(documents.size());
  const auto words = words_of(documents[row]);
  const double length = static_cast<double>(words.size()) / (total_length / count);
  double sum = 0;
  for (const std::string& word : words_of(query)) {
    const auto f = static_cast<double>(std::count(words.begin(), words.end(), word));
    const double n = documents_with[word];
    sum += std::log(1 + (count - n + 0.5) / (n + 0.5)) * f / (f + 1.2 * (0.25 + 0.75 * length));
  }
  return sum;
}

Texts random_documents(int count) {
  Texts documents;
  for (int i = 0; i < count; ++i) {
    std::string text;
    const auto length = 1 + derive_key(1, i) % 30;
    for (std::uint64_t j = 0; j < length; ++j) {
      // Small numbers are common, large ones rare.
      const std::uint64_t draw = derive_key(2, i, j);
      text += concat(text.empty() ? "" : " ", "w", draw % 10 * (draw / 16 % 12));
    }
    documents.push_back(text);
  }
  return documents;
}

TEST(Bm25, ScoresOneWordByHand) {
  // N = 3, n = 2: idf = ln(1 + 1.5 / 2.5). Lengths 1, 3, 2; average 2.
  const auto hits = best_documents({"Cat!"}, {"dog", "cat, cat sat", "a cat"}, 10)[0];
  const double idf = std::log(1.6);
  ASSERT_EQ(hits.size(), 2);
  EXPECT_EQ(hits[0].row, 1);
  EXPECT_NEAR(hits[0].score, idf * 2 / (2 + 1.2 * (0.25 + 0.75 * 1.5)), 1e-6);
  EXPECT_EQ(hits[1].row, 2);
  EXPECT_NEAR(hits[1].score, idf * 1 / (1 + 1.2), 1e-6);
}

TEST(Bm25, AgreesWithTheFormulaOverAllDocuments) {
  const Texts documents = random_documents(700);
  const Texts queries{"w0 w7", "w99 w99 w3", "w10", "nosuch w18 w20 w6"};
  const auto found = best_documents(queries, documents, 25);
  for (std::size_t query = 0; query < queries.size(); ++query) {
    std::vector<double> scores;
    for (std::size_t row = 0; row < documents.size(); ++row)
      scores.push_back(score_of(queries[query], row, documents));
    for (const Hit& hit : found[query])
      EXPECT_NEAR(hit.score, scores[static_cast<std::size_t>(hit.row)], 1e-5);
    std::sort(scores.rbegin(), scores.rend());
    for (std::size_t rank = 0; rank < found[query].size(); ++rank)
      EXPECT_NEAR(found[query][rank].score, scores[rank], 1e-5) << queries[query];
    const auto positive =
        std::count_if(scores.begin(), scores.end(), [](double s) { return s > 0; });
    EXPECT_EQ(found[query].size(), std::min<std::size_t>(25, static_cast<std::size_t>(positive)));
  }
}

TEST(Bm25, InPartsAndOnAnyThreadsHasTheSameBits) {
  const Texts documents = random_documents(40'000);
  const Texts queries{"w0 w7 w9", "w99 w3", "w45 w54"};
  const auto whole = best_documents(queries, documents, 50, {}, 1);
  EXPECT_EQ(best_documents(queries, documents, 50, {.index_bytes = 1}, 3), whole);
}

TEST(Bm25, OrdersEqualScoresByRow) {
  const auto hits = best_documents({"a"}, {"a b", "a c", "d e", "a f"}, 2)[0];
  EXPECT_THAT(hits, ElementsAre(testing::Field(&Hit::row, 0), testing::Field(&Hit::row, 1)));
}

TEST(Bm25, FindsNothingWithoutAWordInCommon) {
  EXPECT_THAT(best_documents({"zebra", "", "?"}, {"a", "b"}, 3),
              ElementsAre(IsEmpty(), IsEmpty(), IsEmpty()));
  EXPECT_THAT(best_documents({"a"}, {}, 3), ElementsAre(IsEmpty()));
  EXPECT_THAT(best_documents({"a"}, {"", "."}, 3), ElementsAre(IsEmpty()));
  EXPECT_THAT(best_documents({}, {"a"}, 3), IsEmpty());
}

TEST(Bm25, StopsWhenAsked) {
  const WorkerPool pool(2);
  StopSource stop;
  stop.request_stop();
  message_of(ErrorKind::kCancelled, [&] {
    bm25_topk({"a"}, 1, [](std::int64_t) { return std::string("a"); }, 1, {}, {pool, stop.token()});
  });
}

TEST(Bm25, RefusesParametersThatMakeNoSense) {
  EXPECT_THROW(best_documents({"a"}, {"a"}, 0), Error);
  EXPECT_THROW(best_documents({"a"}, {"a"}, 1, {.k1 = -1}), Error);
  EXPECT_THROW(best_documents({"a"}, {"a"}, 1, {.b = 1.5}), Error);
}

}  // namespace
}  // namespace sbert
