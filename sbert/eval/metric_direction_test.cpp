#include "sbert/eval/metric_direction.h"

#include <gtest/gtest.h>

namespace sbert {
namespace {

TEST(MetricDirection, OfLossesLowerIsBetterOfTheOthersHigher) {
  EXPECT_EQ(metric_direction("val_loss"), MetricDirection::kLowerIsBetter);
  for (const char* name :
       {"val_accuracy@1", "val_mrr@10", "val_ndcg@10", "stsb/spearman_cosine", "sts/pearson_max",
        "retrieval/map@100", "clustering/v_measure", "loss/accuracy", "banking/macro_f1",
        "pairs/cosine_ap", "pairs/max_mcc", "reranking/map", "paraphrases/average_precision"})
    EXPECT_EQ(metric_direction(name), MetricDirection::kHigherIsBetter) << name;
}

TEST(MetricDirection, OfAThresholdNeitherIs) {
  for (const char* name :
       {"pairs/cosine_f1_threshold", "pairs/dot_accuracy_threshold", "paraphrase-mining/threshold"})
    EXPECT_EQ(metric_direction(name), std::nullopt) << name;
}

}  // namespace
}  // namespace sbert
