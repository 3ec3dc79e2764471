#include "sbert/eval/retrieval_metrics.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include <gmock/gmock.h>

#include "sbert/base/error.h"
#include "tests/support/trec_eval_order.h"

namespace sbert {
namespace {

using testing::AllOf;
using testing::DoubleEq;
using testing::ElementsAre;
using testing::Pair;
using testing::Property;
using testing::StrEq;
using testing::ThrowsMessage;

using Ks = std::vector<std::int64_t>;

// Relevant at ranks 2 (grade 2) and 4 (grade 1); one relevant document (grade 3) was not retrieved.
const JudgedRanking kExample{.ranked = {0, 2, 0, 1, 0}, .judged = {1, 0, 3, 2}};

TEST(Ndcg, OfTheExampleIsWhatTheFormulaGivesByHand) {
  const double gain = 2 / std::log2(3.0) + 1 / std::log2(5.0);
  const double ideal = 3 + 2 / std::log2(3.0) + 1 / std::log2(4.0);
  EXPECT_DOUBLE_EQ(ndcg(kExample, 5), gain / ideal);
  EXPECT_DOUBLE_EQ(ndcg(kExample, 2), 2 / std::log2(3.0) / (3 + 2 / std::log2(3.0)));
  EXPECT_EQ(ndcg(kExample, 1), 0);
}

TEST(Ndcg, ANegativeGradeGainsNothing) {
  EXPECT_DOUBLE_EQ(ndcg({.ranked = {-2, 1}, .judged = {-2, 1}}, 2), 1 / std::log2(3.0));
}

TEST(RetrievalMeasures, OfTheExampleByHand) {
  EXPECT_DOUBLE_EQ(average_precision(kExample, 5), (1.0 / 2 + 2.0 / 4) / 3);
  EXPECT_DOUBLE_EQ(average_precision(kExample, 3), 1.0 / 2 / 3);
  EXPECT_DOUBLE_EQ(recall(kExample, 4), 2.0 / 3);
  EXPECT_DOUBLE_EQ(precision(kExample, 4), 2.0 / 4);
  EXPECT_DOUBLE_EQ(precision(kExample, 100), 2.0 / 100);
  EXPECT_DOUBLE_EQ(reciprocal_rank(kExample, 2), 1.0 / 2);
  EXPECT_EQ(reciprocal_rank(kExample, 1), 0);
  EXPECT_EQ(success(kExample, 1), 0);
  EXPECT_EQ(success(kExample, 2), 1);
}

TEST(RetrievalMeasures, AreZeroWhenNothingIsRelevantOrRetrieved) {
  for (const JudgedRanking& query :
       {JudgedRanking{.ranked = {0, 0}, .judged = {0}}, JudgedRanking{.ranked = {}, .judged = {1}},
        JudgedRanking{.ranked = {}, .judged = {}}}) {
    for (auto* measure : {ndcg, average_precision, recall, precision, reciprocal_rank, success}) {
      EXPECT_EQ(measure(query, 10), 0);
    }
  }
}

TEST(RetrievalMetrics, MeanIsOverTheQueriesWithARelevantDocument) {
  const std::vector<JudgedRanking> queries{
      {.ranked = {1}, .judged = {1}},
      {.ranked = {0, 1}, .judged = {1, 1}},
      {.ranked = {0}, .judged = {0}},
  };
  EXPECT_THAT(
      retrieval_metrics(queries, Ks{2, 1}),
      ElementsAre(Pair("ndcg@2", DoubleEq((1 + 1 / std::log2(3) / (1 + 1 / std::log2(3))) / 2)),
                  Pair("ndcg@1", DoubleEq(0.5)), Pair("mrr@2", DoubleEq(0.75)),
                  Pair("mrr@1", DoubleEq(0.5)), Pair("map@2", DoubleEq(0.625)),
                  Pair("map@1", DoubleEq(0.5)), Pair("recall@2", DoubleEq(0.75)),
                  Pair("recall@1", DoubleEq(0.5)), Pair("precision@2", DoubleEq(0.5)),
                  Pair("precision@1", DoubleEq(0.5)), Pair("accuracy@2", DoubleEq(1)),
                  Pair("accuracy@1", DoubleEq(0.5))));
}

TEST(RetrievalMetrics, WithoutARelevantDocumentThereIsNoMean) {
  EXPECT_THAT([] { retrieval_metrics(std::vector{JudgedRanking{{0}, {0}}}, Ks{1}); },
              ThrowsMessage<Error>(StrEq("no query has a relevant document")));
  EXPECT_THAT([] { retrieval_metrics({}, Ks{1}); },
              ThrowsMessage<Error>(StrEq("no query has a relevant document")));
}

TEST(RetrievalMetrics, ACutoffBelowOneIsAnError) {
  EXPECT_THAT([] { retrieval_metrics(std::vector{kExample}, Ks{10, 0}); },
              AllOf(ThrowsMessage<Error>(StrEq("a metric's cutoff must be at least 1: 0")),
                    testing::Throws<Error>(Property(&Error::kind, ErrorKind::kUsage))));
}

// What trec_eval measures on 200 random rankings, most with equal scores; see make_golden.py.
struct Golden {
  struct Query {
    JudgedRanking judged;
    std::vector<double> expected;
  };
  std::vector<std::string> keys;
  std::vector<Query> queries;
  std::vector<double> means;
};

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream stream(line);
  for (std::string field; std::getline(stream, field, '\t');)
    fields.push_back(field);
  return fields;
}

std::vector<double> numbers(const std::vector<std::string>& fields) {
  std::vector<double> values;
  for (std::size_t i = 1; i < fields.size(); ++i)
    values.push_back(std::stod(fields[i]));
  return values;
}

Golden::Query make_query(const std::map<std::string, int>& grades,
                         const std::map<std::string, double>& scores) {
  Golden::Query query;
  std::vector<std::pair<std::string, float>> ranking;
  for (const auto& [id, score] : scores)
    ranking.emplace_back(id, static_cast<float>(score));
  std::sort(ranking.begin(), ranking.end(), [](const auto& a, const auto& b) {
    return trec_eval_ranks_before(a.second, a.first, b.second, b.first);
  });
  for (const auto& [id, score] : ranking) {
    const auto found = grades.find(id);
    query.judged.ranked.push_back(found == grades.end() ? 0 : found->second);
  }
  for (const auto& [id, grade] : grades)
    query.judged.judged.push_back(grade);
  return query;
}

Golden read_golden() {
  Golden golden;
  std::ifstream file(SBERT_GOLDEN "/retrieval/rankings.tsv");
  std::map<std::string, int> grades;
  std::map<std::string, double> scores;
  for (std::string line; std::getline(file, line);) {
    const std::vector<std::string> fields = split(line);
    if (fields[0] == "keys") golden.keys.assign(fields.begin() + 1, fields.end());
    if (fields[0] == "judged") grades[fields[1]] = std::stoi(fields[2]);
    if (fields[0] == "retrieved") scores[fields[1]] = std::stod(fields[2]);
    if (fields[0] == "mean") golden.means = numbers(fields);
    if (fields[0] == "expect") {
      golden.queries.push_back(make_query(grades, scores));
      golden.queries.back().expected = numbers(fields);
      grades.clear();
      scores.clear();
    }
  }
  return golden;
}

TEST(RetrievalGolden, EachRankingMeasuresAsInTrecEval) {
  using Measure = double (*)(const JudgedRanking&, std::int64_t);
  const std::map<std::string, Measure> measures{
      {"ndcg", ndcg},           {"map", average_precision}, {"recall", recall},
      {"precision", precision}, {"mrr", reciprocal_rank},   {"accuracy", success}};
  const Golden golden = read_golden();
  ASSERT_EQ(golden.keys.size(), 30);
  ASSERT_EQ(golden.queries.size(), 200);
  for (std::size_t q = 0; q < golden.queries.size(); ++q) {
    for (std::size_t i = 0; i < golden.keys.size(); ++i) {
      const std::string& key = golden.keys[i];
      const std::size_t at = key.find('@');
      const double value =
          measures.at(key.substr(0, at))(golden.queries[q].judged, std::stoll(key.substr(at + 1)));
      ASSERT_NEAR(value, golden.queries[q].expected[i], 1e-9) << key << " of query " << q;
    }
  }
}

TEST(RetrievalGolden, MeansAreThoseOfTrecEval) {
  const Golden golden = read_golden();
  std::vector<JudgedRanking> queries;
  for (const Golden::Query& query : golden.queries)
    queries.push_back(query.judged);
  const Metrics metrics = retrieval_metrics(queries, Ks{1, 3, 5, 10, 100});
  const std::map<std::string, double> by_key(metrics.begin(), metrics.end());
  ASSERT_EQ(golden.means.size(), by_key.size());
  for (std::size_t i = 0; i < golden.keys.size(); ++i) {
    EXPECT_NEAR(by_key.at(golden.keys[i]), golden.means[i], 1e-9) << golden.keys[i];
  }
}

}  // namespace
}  // namespace sbert
