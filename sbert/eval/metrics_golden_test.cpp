#include <cmath>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/metric_case.h"

namespace sbert {
namespace {

// What scipy, scikit-learn, pytrec_eval and sentence-transformers give on random inputs, most with
// equal scores; tests/peers/eval_parity.py --golden made the file.
TEST(MetricsAndClusters, AreWhatTheReferencesGive) {
  std::ifstream file(SBERT_GOLDEN "/evaluation/metrics.tsv");
  ASSERT_TRUE(file);
  std::map<std::string, int> cases;
  while (const auto next = read_metric_case(file)) {
    ++cases[next->kind];
    const std::vector<double> ours = measure(*next);
    const std::vector<double>& expected = (*next)["expect"];
    ASSERT_EQ(ours.size(), expected.size()) << next->kind << " " << next->number;
    for (std::size_t i = 0; i < ours.size(); ++i) {
      EXPECT_NEAR(ours[i], expected[i],
                  next->scalar("tolerance") * std::max(1.0, std::abs(expected[i])))
          << next->kind << " " << next->number << ", value " << i;
    }
  }
  EXPECT_EQ(cases.size(), 14);
  for (const auto& [kind, number] : cases)
    EXPECT_EQ(number, 5) << kind;
}

}  // namespace
}  // namespace sbert
