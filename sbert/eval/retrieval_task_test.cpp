#include "sbert/eval/retrieval_task.h"

#include <gmock/gmock.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::Property;
using testing::Throws;
using testing::ThrowsMessage;

FloatMatrix matrix_of(std::int64_t rows, std::int64_t columns, std::vector<float> values) {
  FloatMatrix matrix(rows, columns);
  matrix.values = std::move(values);
  return matrix;
}

// Query q1 scores the documents 0.5, 1, 0.5, 0.25; the one that answers it stands at rank 2 by row
// and at rank 3 by trec_eval's order of ids.
RetrievalData data() {
  RetrievalData data;
  data.document_ids = {"a", "b", "c", "d"};
  data.documents = {"A", "B", "C", "D"};
  data.query_ids = {"q1"};
  data.queries = {"Q"};
  data.judgements = {{{0, 2}, {3, 0}}};
  return data;
}

const FloatMatrix& queries() {
  static const FloatMatrix matrix = matrix_of(1, 2, {1, 0});
  return matrix;
}

const FloatMatrix& documents() {
  static const FloatMatrix matrix = matrix_of(4, 2, {0.5F, 9, 1, 9, 0.5F, 9, 0.25F, 9});
  return matrix;
}

TEST(EvaluateRetrieval, RanksAndMeasures) {
  const RetrievalReport report =
      evaluate_retrieval(queries(), documents(), data(), {.cutoffs = {2, 3}});
  EXPECT_THAT(report.rankings, ElementsAre(ElementsAre(Hit{1, 1}, Hit{2, 0.5F}, Hit{0, 0.5F})));
  EXPECT_THAT(
      report.metrics,
      ElementsAre(Pair("ndcg@2", 0), Pair("ndcg@3", 0.5), Pair("mrr@2", 0), Pair("mrr@3", 1.0 / 3),
                  Pair("map@2", 0), Pair("map@3", 1.0 / 3), Pair("recall@2", 0),
                  Pair("recall@3", 1), Pair("precision@2", 0), Pair("precision@3", 1.0 / 3),
                  Pair("accuracy@2", 0), Pair("accuracy@3", 1)));
  EXPECT_EQ(report.num_queries, 1);
  EXPECT_EQ(report.num_documents, 4);
}

TEST(EvaluateRetrieval, EqualScoresComeInTheOrderThatIsAskedFor) {
  RetrievalOptions options{.cutoffs = {3}};
  options.ties = TieOrder::kRow;
  EXPECT_THAT(evaluate_retrieval(queries(), documents(), data(), options).rankings,
              ElementsAre(ElementsAre(Hit{1, 1}, Hit{0, 0.5F}, Hit{2, 0.5F})));
}

TEST(EvaluateRetrieval, ACutoffBeyondTheCorpusMeasuresAllOfIt) {
  const RetrievalReport report =
      evaluate_retrieval(queries(), documents(), data(), {.cutoffs = {1'000}});
  EXPECT_EQ(report.rankings[0].size(), 4);
  EXPECT_THAT(report.metrics, testing::Contains(Pair("recall@1000", 1)));
  EXPECT_THAT(report.metrics, testing::Contains(Pair("precision@1000", 0.001)));
}

TEST(EvaluateRetrieval, EmbeddingsMustBeAsManyAsTexts) {
  EXPECT_THAT([] { evaluate_retrieval(queries(), FloatMatrix(3, 2), data(), {}); },
              ThrowsMessage<Error>(HasSubstr(
                  "documents: number of embeddings differs from that of texts: 3 and 4")));
  EXPECT_THAT([] { evaluate_retrieval(FloatMatrix(2, 2), documents(), data(), {}); },
              ThrowsMessage<Error>(HasSubstr("queries: number of embeddings differs")));
}

TEST(EvaluateRetrieval, CutoffsMustBeThereAndAtLeastOne) {
  for (const std::vector<std::int64_t>& cutoffs : {std::vector<std::int64_t>{}, {0, 5}}) {
    EXPECT_THAT([&] { evaluate_retrieval(queries(), documents(), data(), {.cutoffs = cutoffs}); },
                AllOf(Throws<Error>(Property(&Error::kind, ErrorKind::kUsage)),
                      ThrowsMessage<Error>(HasSubstr("cutoff"))));
  }
}

class TrecRun : public testing::Test {
 protected:
  void TearDown() override { fs::remove(path_); }
  fs::path path_ = fs::path(testing::TempDir()) / "trec_run_test.txt";
};

TEST_F(TrecRun, IsALineADocument) {
  write_trec_run(path_, data(), {{Hit{1, 1}, Hit{2, 0.1F}}}, "sbert");
  EXPECT_EQ(read_file(path_), "q1 Q0 b 1 1 sbert\nq1 Q0 c 2 0.1 sbert\n");
}

TEST_F(TrecRun, AnIdOfTwoWordsIsAnErrorAndLeavesNoFile) {
  RetrievalData spaced = data();
  spaced.document_ids[1] = "b c";
  EXPECT_THAT([&] { write_trec_run(path_, spaced, {{Hit{1, 1}}}, "sbert"); },
              ThrowsMessage<Error>(HasSubstr("an id of a TREC run must be one word: \"b c\"")));
  EXPECT_FALSE(fs::exists(path_));
}

}  // namespace
}  // namespace sbert
