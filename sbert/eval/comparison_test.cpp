#include "sbert/eval/comparison.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "sbert/base/files.h"
#include "sbert/base/message_of.h"
#include "sbert/eval/table_embedder.h"

namespace sbert {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

NamedEvaluation evaluation(const std::string& name, std::vector<double> ndcg, double recall) {
  double sum = 0;
  for (const double value : ndcg)
    sum += value;
  Evaluation result{.task = "retrieval", .main_metric = "ndcg@10"};
  result.metrics = {{"recall@10", recall}, {"ndcg@10", sum / static_cast<double>(ndcg.size())}};
  for (std::size_t i = 0; i < ndcg.size(); ++i)
    result.item_ids.push_back("q" + std::to_string(i));
  result.item_metrics = {{"ndcg@10", std::move(ndcg)}};
  return {name, result};
}

const std::vector<NamedEvaluation> kTwo{evaluation("before", {0.5, 0.25, 1, 0, 1}, 0.5),
                                        evaluation("after", {1, 0.5, 0.5, 0, 1}, 0.75)};

// Of the mean of differences between two models' items.
Interval interval_of(const std::vector<double>& differences, const ComparisonOptions& options) {
  const std::vector<double> zeros(differences.size(), 0);
  const auto rows = compare({evaluation("one", zeros, 0), evaluation("other", differences, 0)},
                            options, test_context());
  return rows[0].models[1].items->interval;
}

TEST(BootstrapInterval, IsThatOfNumpyWithTheSameDrawings) {
  const Json golden = Json::parse(read_file(SBERT_GOLDEN "/comparison/bootstrap.json"));
  ASSERT_EQ(golden["cases"].size(), 6U);
  for (const Json& each : golden["cases"]) {
    const auto differences = each["differences"].get<std::vector<double>>();
    const Interval interval = interval_of(differences, {.num_resamples = golden["resamples"],
                                                        .confidence = each["confidence"],
                                                        .seed = each["seed"]});
    EXPECT_NEAR(interval.low, each["interval"][0].get<double>(), 1e-12);
    EXPECT_NEAR(interval.high, each["interval"][1].get<double>(), 1e-12);
    if (!each.contains("scipy")) continue;
    // Other drawings: the bounds differ by their own spread, a few hundredths of the width.
    const double width = interval.high - interval.low;
    EXPECT_NEAR(interval.low, each["scipy"][0].get<double>(), 0.05 * width);
    EXPECT_NEAR(interval.high, each["scipy"][1].get<double>(), 0.05 * width);
  }
}

TEST(BootstrapInterval, OfEqualDifferencesIsThatDifference) {
  const std::vector<double> differences(8, 0.25);
  const Interval interval = interval_of(differences, {});
  EXPECT_EQ(interval.low, 0.25);
  EXPECT_EQ(interval.high, 0.25);
}

TEST(Compare, TheMainMetricComesFirstAndCountsItems) {
  const auto rows = compare(kTwo, {}, test_context());
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].metric, "ndcg@10");
  EXPECT_TRUE(rows[0].is_main);
  EXPECT_DOUBLE_EQ(rows[0].models[0].value, 0.55);
  EXPECT_FALSE(rows[0].models[0].items.has_value());
  const ModelComparison& after = rows[0].models[1];
  EXPECT_NEAR(after.difference, 0.05, 1e-15);
  ASSERT_TRUE(after.items.has_value());
  EXPECT_EQ(after.items->won, 2);
  EXPECT_EQ(after.items->lost, 1);
  EXPECT_EQ(after.items->tied, 2);
  EXPECT_LT(after.items->interval.low, 0.05);
  EXPECT_GT(after.items->interval.high, 0.05);
}

TEST(Compare, AMetricWithoutItemsHasNoInterval) {
  const auto rows = compare(kTwo, {}, test_context());
  EXPECT_EQ(rows[1].metric, "recall@10");
  EXPECT_FALSE(rows[1].models[1].items.has_value());
  EXPECT_EQ(rows[1].models[1].difference, 0.25);
}

TEST(Compare, EachModelIsComparedWithTheFirst) {
  auto three = kTwo;
  three.push_back(evaluation("other", {0.5, 0.25, 1, 0, 1}, 0.5));
  const auto rows = compare(three, {}, test_context());
  EXPECT_NEAR(rows[0].models[1].difference, 0.05, 1e-15);
  EXPECT_EQ(rows[0].models[2].difference, 0);
  EXPECT_EQ(rows[0].models[2].items->tied, 5);
}

TEST(Compare, TheSeedSetsTheInterval) {
  const auto low = [](std::uint64_t seed) {
    return compare(kTwo, {.num_resamples = 7, .seed = seed}, test_context())[0]
        .models[1]
        .items->interval.low;
  };
  EXPECT_EQ(low(1), low(1));
  EXPECT_NE(low(1), low(2));
}

TEST(Compare, OneModelAloneIsATableOfItsMetrics) {
  const auto rows = compare({kTwo[0]}, {}, test_context());
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].models.size(), 1U);
}

TEST(CompareErrors, OfWhatCannotBeCompared) {
  const auto message = [](auto change, ErrorKind kind = ErrorKind::kInput) {
    auto evaluations = kTwo;
    change(evaluations);
    return message_of(kind, [&] { compare(evaluations, {}, test_context()); });
  };
  EXPECT_EQ(message([](auto& all) { all[1].evaluation.task = "sts"; }),
            "after: is of another task than the first model's: sts; the first: retrieval");
  EXPECT_EQ(message([](auto& all) { all[1].evaluation.item_ids.pop_back(); }),
            "after: is of other items than the first model's: 4; the first: 5");
  EXPECT_EQ(message([](auto& all) { all[1].evaluation.metrics.pop_back(); }),
            "after: has no metric ndcg@10");
  EXPECT_EQ(message([](auto& all) { all[0].evaluation.item_metrics[0].values.pop_back(); }),
            "before: ndcg@10: number of values differs from that of items: 4 and 5");
  EXPECT_EQ(message([](auto& all) { all[1].evaluation.item_metrics[0].values[2] = std::nan(""); }),
            "after: ndcg@10: the value of an item is not a number: q2");
  EXPECT_EQ(message([](auto& all) { all.clear(); }, ErrorKind::kUsage), "no evaluation to compare");
}

TEST(Compare, AStopEndsIt) {
  StopSource stop;
  stop.request_stop();
  EXPECT_EQ(message_of(ErrorKind::kCancelled,
                       [&] { compare(kTwo, {}, {test_context().pool, stop.token()}); }),
            "interrupted");
}

TEST(CompareErrors, OfOptionsOutOfRange) {
  const auto message = [](const ComparisonOptions& options) {
    return message_of(ErrorKind::kUsage, [&] { compare(kTwo, options, test_context()); });
  };
  EXPECT_EQ(message({.num_resamples = 0}), "resamples of a comparison must be at least 1: 0");
  for (const double confidence : {0.0, 1.0, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THAT(message({.confidence = confidence}),
                HasSubstr("confidence of a comparison must be above 0 and below 1: "));
  }
}

TEST(ComparisonJson, HasIntervalsWhereThereAreItems) {
  const Json json = Json::parse(comparison_json(kTwo, compare(kTwo, {}, test_context())));
  ASSERT_EQ(json.size(), 2U);
  EXPECT_EQ(json[0]["metric"], "ndcg@10");
  EXPECT_EQ(json[0]["main"], true);
  const Json after = json[0]["models"][1];
  EXPECT_EQ(after["name"], "after");
  EXPECT_EQ(after["won"], 2);
  EXPECT_EQ(after["interval"].size(), 2U);
  EXPECT_FALSE(json[1]["models"][1].contains("interval"));
  EXPECT_EQ(json[1]["models"][1]["difference"], 0.25);
}

TEST(ComparisonJson, ANameThatIsNotUtf8IsMended) {
  auto evaluations = kTwo;
  evaluations[1].name = "\xFF.nemo";
  const Json json =
      Json::parse(comparison_json(evaluations, compare(evaluations, {}, test_context())));
  EXPECT_EQ(json[0]["models"][1]["name"], "\xEF\xBF\xBD.nemo");
}

TEST(ComparisonTable, AlignsItsColumns) {
  auto evaluations = kTwo;
  evaluations[0].name = "vor\xC3\xA4n";
  const auto rows = compare(evaluations, {}, test_context());
  const std::string table = comparison_table(evaluations, rows);
  EXPECT_THAT(table, HasSubstr("metric     model   value  difference  "));
  EXPECT_THAT(table, HasSubstr("\nndcg@10    vor\xC3\xA4n  0.5500\n"));
  EXPECT_THAT(table, HasSubstr("\n           after  0.6000     +0.0500  [-"));
  EXPECT_THAT(table, HasSubstr("    2     1     2\nrecall@10  vor\xC3\xA4n  0.5000\n"));
}

TEST(ComparisonTable, ShowsTheMainMetricAndThoseAskedFor) {
  const auto rows = compare(kTwo, {}, test_context());
  EXPECT_THAT(comparison_table(kTwo, rows, {"mrr@10"}), testing::Not(HasSubstr("recall@10")));
  EXPECT_THAT(comparison_table(kTwo, rows, {"mrr@10"}), HasSubstr("ndcg@10"));
  EXPECT_THAT(comparison_table(kTwo, rows, {"recall@10"}), HasSubstr("recall@10"));
}

}  // namespace
}  // namespace sbert
