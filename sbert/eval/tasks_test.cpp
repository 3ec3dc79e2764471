#include "sbert/eval/tasks.h"

#include <cmath>

#include <gmock/gmock.h>

#include "sbert/base/concat.h"
#include "sbert/base/files.h"
#include "sbert/base/message_of.h"
#include "sbert/eval/table_embedder.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class RunTask : public testing::Test {
 protected:
  void SetUp() override { make_folder(folder_); }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path put(const std::string& name, const std::string& content) {
    write_file_atomically(folder_ / name, content);
    return folder_ / name;
  }
  std::string message(const char* task, const fs::path& data) {
    return message_of(ErrorKind::kInput, [&] { run_task(task, data, source_of(embedder_)); });
  }
  fs::path folder_ = fs::path(testing::TempDir()) / "run_task_test";
  TableEmbedder embedder_{
      {{"a", {1, 0}}, {"b", {0.8F, 0.6F}}, {"c", {0, 1}}, {"d", {-1, 0}}, {"e", {-0.8F, -0.6F}}}};
};

TEST_F(RunTask, StsCorrelatesEachSimilarityWithTheScores) {
  const fs::path data =
      put("sts.tsv", "score\ts1\ts2\n5\ta\ta\n4\ta\tb\n2\ta\tc\n1\ta\te\n0\ta\td\n");
  const Evaluation found = run_task("sts", data, source_of(embedder_));
  EXPECT_EQ(found.main_metric, "spearman_cosine");
  for (const char* name : {"cosine", "dot", "euclidean", "max"})
    EXPECT_DOUBLE_EQ(metric(found, concat("spearman_", name)), 1) << name;
  // Distances 0, 0.8, 2, 2.4, 2 have the ranks 5, 4, 2.5, 1, 2.5 among those of the scores 5 to 1.
  EXPECT_DOUBLE_EQ(metric(found, "spearman_manhattan"), 8 / std::sqrt(95));
  // Cosines 1, 0.8, 0, -0.8, -1 and scores 5, 4, 2, 1, 0; means 0 and 2.4.
  EXPECT_NEAR(metric(found, "pearson_cosine"), 7.4 / std::sqrt(3.28 * 17.2), 1e-7);
  EXPECT_THAT(embedder_.prompts, ElementsAre(""));
  EXPECT_EQ(found.positive_scores.size(), 2);
  EXPECT_EQ(found.negative_scores.size(), 3);
  EXPECT_EQ(found.worst.size(), 5);
}

TEST_F(RunTask, StsOfAModelThatSaysTheSameOfAllPairsHasNoCorrelation) {
  const fs::path data = put("sts.csv", "sentence1,sentence2,score\na,a,1\nb,b,2\n");
  const Evaluation found = run_task("sts", data, source_of(embedder_));
  EXPECT_TRUE(std::isnan(metric(found, "spearman_euclidean")));
  EXPECT_THAT(found.warnings, testing::Contains(HasSubstr("no correlation is defined: euclidean")));
}

TEST_F(RunTask, StsScoresMustBeNumbersAndDiffer) {
  EXPECT_THAT(message("sts", put("x.tsv", "score\ts1\ts2\n1\ta\tb\nfour\ta\tc\n")),
              HasSubstr("x.tsv: line 3: score: must be a number: four"));
  EXPECT_THAT(message("sts", put("x.tsv", "score\ts1\ts2\n1\ta\tb\n1\ta\tc\n")),
              HasSubstr("x.tsv: the scores are all the same: 1"));
}

TEST_F(RunTask, PairClassificationFindsTheThreshold) {
  const fs::path data = put("pairs.jsonl",
                            "{\"sentence1\": \"a\", \"sentence2\": \"b\", \"label\": 1}\n"
                            "{\"sentence1\": \"a\", \"sentence2\": \"c\", \"label\": 0}\n"
                            "{\"sentence1\": \"d\", \"sentence2\": \"e\", \"label\": 1}\n");
  const Evaluation found = run_task("pair-classification", data, source_of(embedder_));
  EXPECT_EQ(found.main_metric, "cosine_ap");
  for (const char* name : {"cosine_ap", "max_ap", "cosine_accuracy", "manhattan_f1", "dot_mcc"})
    EXPECT_EQ(metric(found, name), 1) << name;
  EXPECT_NEAR(metric(found, "cosine_accuracy_threshold"), 0.4, 1e-6);
  // Distances of the pairs that belong together: 0.632; of the other: 1.414.
  EXPECT_NEAR(metric(found, "euclidean_f1_threshold"), (std::sqrt(0.4) + std::sqrt(2)) / 2, 1e-6);
  EXPECT_THAT(found.item_metrics[0].values, ElementsAre(1, 1, 1));
  EXPECT_THAT(found.item_ids, ElementsAre("line 1", "line 2", "line 3"));
}

TEST_F(RunTask, PairLabelsMustBeZeroOrOneAndBothThere) {
  EXPECT_THAT(message("pair-classification", put("p.tsv", "label\ts1\ts2\n2\ta\tb\n")),
              HasSubstr("p.tsv: line 2: label: must be 0 or 1: 2"));
  EXPECT_THAT(message("pair-classification", put("p.tsv", "label\ts1\ts2\n1\ta\tb\n")),
              HasSubstr("the labels are all the same: 1"));
}

TEST_F(RunTask, ClusteringFindsTheLabels) {
  const fs::path data = put("texts.tsv", "label\ttext\nx\ta\nx\tb\ny\td\ny\te\n");
  const Evaluation found = run_task("clustering", data, source_of(embedder_));
  for (const char* name : {"v_measure", "homogeneity", "completeness", "ari", "nmi", "purity"})
    EXPECT_DOUBLE_EQ(metric(found, name), 1) << name;
  EXPECT_THAT(found.map_labels, ElementsAre("x", "x", "y", "y"));
  EXPECT_THAT(message("clustering", put("one.tsv", "label\ttext\nx\ta\nx\tb\n")),
              HasSubstr("one.tsv: there must be at least two labels: 1"));
}

TEST_F(RunTask, ClassificationLearnsTheLabels) {
  put("train.tsv", "label\ttext\nright\ta\nright\tb\nleft\td\nleft\te\n");
  put("test.csv", "text,label\na,right\nd,left\nc,up\n");
  TaskOptions options;
  options.classification.neighbours = 1;
  const Evaluation found = run_task("classification", folder_, source_of(embedder_), options);
  EXPECT_DOUBLE_EQ(metric(found, "accuracy"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(metric(found, "knn_accuracy"), 2.0 / 3);
  // right: 2 / 3, left: 1, up: 0.
  EXPECT_DOUBLE_EQ(metric(found, "macro_f1"), (2.0 / 3 + 1) / 3);
  EXPECT_THAT(found.warnings, ElementsAre(HasSubstr("which count as wrong: 1 of 3")));
  ASSERT_EQ(found.worst.size(), 1);
  EXPECT_EQ(found.worst[0].expected, "up");
  EXPECT_THAT(found.worst[0].found, ElementsAre("right"));
}

TEST_F(RunTask, RerankingLeavesOutWhatHasNoPositiveOrNegative) {
  const fs::path data =
      put("r.jsonl",
          "{\"query\": \"a\", \"positive\": [\"c\"], \"negative\": [\"b\", \"d\"]}\n"
          "{\"query\": \"a\", \"positive\": [], \"negative\": [\"b\"]}\n"
          "{\"query\": \"a\", \"positive\": \"b\", \"negative\": []}\n");
  const Evaluation found = run_task("reranking", data, source_of(embedder_));
  EXPECT_EQ(metric(found, "map"), 0.5);
  EXPECT_EQ(metric(found, "mrr@10"), 0.5);
  EXPECT_DOUBLE_EQ(metric(found, "ndcg@10"), 1 / std::log2(3.0));
  EXPECT_THAT(embedder_.prompts, ElementsAre("q: ", "d: "));
  EXPECT_THAT(found.warnings,
              ElementsAre(HasSubstr("r.jsonl:2: samples without a positive, left out: 1"),
                          HasSubstr("r.jsonl:3: samples without a negative, left out: 1")));
  EXPECT_THAT(found.worst[0].found, ElementsAre("b", "c", "d"));
}

TEST_F(RunTask, ParaphraseMiningFindsThePairs) {
  put("texts.jsonl",
      "{\"id\": \"1\", \"text\": \"a\"}\n{\"id\": \"2\", \"text\": \"b\"}\n"
      "{\"id\": \"3\", \"text\": \"d\"}\n{\"id\": \"4\", \"text\": \"e\"}\n");
  put("pairs.tsv", "id1\tid2\n2\t1\n4\t3\n3\t4\n");
  const Evaluation found = run_task("paraphrase-mining", folder_, source_of(embedder_));
  EXPECT_EQ(metric(found, "average_precision"), 1);
  EXPECT_EQ(metric(found, "f1"), 1);
  EXPECT_THAT(found.warnings, ElementsAre(HasSubstr("pairs.tsv:4: pairs that are there already")));
  const TableEmbedder euclidean({{"a", {1, 0}}}, Similarity::kEuclidean);
  EXPECT_THAT(message_of(ErrorKind::kUsage,
                         [&] { run_task("paraphrase-mining", folder_, source_of(euclidean)); }),
              HasSubstr("the model's similarity is euclidean"));
}

TEST_F(RunTask, RetrievalTakesTrainingExamples) {
  const fs::path data =
      put("train.json",
          "[{\"question\": \"a\", \"pos_doc\": [\"b\"], \"neg_doc\": [\"c\", \"d\"]},"
          " {\"question\": \"d\", \"pos_doc\": [\"e\"], \"neg_doc\": [\"c\"]},"
          " {\"question\": \"a\", \"pos_doc\": [\"b\"], \"neg_doc\": []}]");
  const Evaluation found = run_task("retrieval", data, source_of(embedder_));
  EXPECT_THAT(found.counts,
              ElementsAre(testing::Pair("queries", 2), testing::Pair("documents", 4)));
  // "d" is a document too, and the nearest to itself.
  EXPECT_EQ(metric(found, "mrr@10"), 0.75);
  EXPECT_EQ(metric(found, "accuracy@1"), 0.5);
  const auto files = fs::directory_iterator(folder_);
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST_F(RunTask, AnUnknownTaskIsAnErrorThatListsThem) {
  EXPECT_EQ(
      message_of(ErrorKind::kUsage, [&] { run_task("summarize", folder_, source_of(embedder_)); }),
      "no such task (known: sts, retrieval, clustering, classification, "
      "pair-classification, reranking, paraphrase-mining): summarize");
}

TEST_F(RunTask, TasksOverAFolderNameTheFileThatIsMissing) {
  EXPECT_THAT(message_of(ErrorKind::kIo,
                         [&] { run_task("classification", folder_, source_of(embedder_)); }),
              HasSubstr("holds no train.jsonl, .json, .tsv or .csv"));
}

}  // namespace
}  // namespace sbert
