#include "sbert/eval/retrieval_task.h"

#include <cmath>

#include <gmock/gmock.h>

#include "sbert/base/files.h"
#include "sbert/base/memory.h"
#include "sbert/base/message_of.h"
#include "sbert/eval/table_embedder.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

// Query q1 scores the documents 0.5, 1, 0.5, 0.25; the one that answers it, a, ties with c.
RetrievalData data() {
  RetrievalData data;
  data.document_ids = {"a", "b", "c", "d"};
  data.documents = {"A", "B", "C", "D"};
  data.query_ids = {"q1", "q2"};
  data.queries = {"Q", "R"};
  data.judgements = {{{0, 2}, {3, 0}}, {{1, 0}}};
  return data;
}

TableEmbedder source(Similarity similarity = Similarity::kDot) {
  return TableEmbedder({{"Q", {1, 0}},
                        {"R", {0, 1}},
                        {"A", {0.5F, 9}},
                        {"B", {1, 9}},
                        {"C", {0.5F, 9}},
                        {"D", {0.25F, 9}}},
                       similarity);
}

class EvaluateRetrieval : public testing::Test {
 protected:
  void TearDown() override { fs::remove(path_); }
  std::string run_of(const TableEmbedder& embeddings, RetrievalOptions options) {
    options.run_file = path_;
    evaluate_retrieval(source_of(embeddings), data(), options);
    return read_file(path_);
  }
  fs::path path_ = fs::path(testing::TempDir()) / "retrieval_task_test.txt";
};

TEST_F(EvaluateRetrieval, RanksAndMeasuresTheQueriesWithAnAnswer) {
  const TableEmbedder embeddings = source();
  const Evaluation found = evaluate_retrieval(source_of(embeddings), data(), {.cutoffs = {2, 3}});
  EXPECT_EQ(metric(found, "ndcg@2"), 0);
  EXPECT_EQ(metric(found, "ndcg@3"), 0.5);
  EXPECT_EQ(metric(found, "recall@3"), 1);
  EXPECT_EQ(found.main_metric, "ndcg@3");
  EXPECT_THAT(found.item_ids, ElementsAre("q1"));
  EXPECT_THAT(found.counts,
              ElementsAre(testing::Pair("queries", 1), testing::Pair("documents", 4)));
  EXPECT_THAT(embeddings.prompts, ElementsAre("q: ", "d: "));
  ASSERT_EQ(found.worst.size(), 1);
  EXPECT_EQ(found.worst[0].text, "Q");
  EXPECT_EQ(found.worst[0].expected, "A");
  EXPECT_THAT(found.worst[0].found, ElementsAre("B", "C", "A"));
  EXPECT_THAT(found.positive_scores, ElementsAre(0.5));
  EXPECT_EQ(found.map_embeddings.rows, 6);
  EXPECT_THAT(found.map_labels,
              ElementsAre("query", "query", "document", "document", "document", "document"));
}

// The queries of ArguAna and Quora are documents too: they find themselves first.
RetrievalData data_with_a_query_among_the_documents() {
  RetrievalData own = data();
  own.query_ids[0] = "b";  // whose score is the best
  return own;
}

TEST_F(EvaluateRetrieval, TheDocumentWithTheQueriesIdIsIgnoredOrKept) {
  const RetrievalData own = data_with_a_query_among_the_documents();
  const TableEmbedder embeddings = source();
  const auto evaluation = [&](const RetrievalOptions& options) {
    return evaluate_retrieval(source_of(embeddings), own, options);
  };
  const auto ndcg = [&](RetrievalMode mode, std::optional<IdenticalIds> ids) {
    return metric(evaluation({.mode = mode, .identical_ids = ids, .cutoffs = {2}}), "ndcg@2");
  };
  const double second_place = 1 / std::log2(3);
  // trec: b, c, a; st: b, a, c
  EXPECT_NEAR(ndcg(RetrievalMode::kTrec, std::nullopt), second_place, 1e-12);
  EXPECT_EQ(ndcg(RetrievalMode::kTrec, IdenticalIds::kKeep), 0);
  EXPECT_NEAR(ndcg(RetrievalMode::kSentenceTransformers, std::nullopt), second_place, 1e-12);
  EXPECT_EQ(ndcg(RetrievalMode::kSentenceTransformers, IdenticalIds::kIgnore), 1);

  const Evaluation ignored = evaluation({.cutoffs = {1, 3}});
  EXPECT_THAT(ignored.worst[0].found, ElementsAre("C", "A", "D"));
  EXPECT_THAT(ignored.warnings,
              ElementsAre("queries whose id a document has too: 1 of 2; that document is not "
                          "ranked for the query, as BEIR and MTEB do it; --identical-ids keep "
                          "ranks it"));
  EXPECT_THAT(evaluation({.identical_ids = IdenticalIds::kKeep, .cutoffs = {3}}).warnings,
              ElementsAre(testing::HasSubstr("is ranked for the query as any other")));
}

TEST_F(EvaluateRetrieval, AnIgnoredDocumentDoesNotShortenTheRankingWhateverTheBlocks) {
  const RetrievalData own = data_with_a_query_among_the_documents();
  const TableEmbedder embeddings = source();
  for (const std::int64_t block : {1, 2, 4}) {
    evaluate_retrieval(source_of(embeddings), own,
                       {.cutoffs = {3}, .run_file = path_, .block_documents = block});
    EXPECT_THAT(read_file(path_),
                testing::StartsWith("b Q0 c 1 0.5 sbert\nb Q0 a 2 0.5 sbert\nb Q0 d 3 0.25 sbert\n"
                                    "q2 Q0 "));
  }
}

TEST_F(EvaluateRetrieval, SaysWhereAnIgnoredDocumentIsJudgedRelevant) {
  RetrievalData own = data();
  own.query_ids[0] = "a";
  const TableEmbedder embeddings = source();
  const Evaluation found = evaluate_retrieval(source_of(embeddings), own, {.cutoffs = {3}});
  EXPECT_EQ(metric(found, "recall@3"), 0);
  EXPECT_THAT(found.warnings,
              ElementsAre(testing::HasSubstr("for 1 of them it is judged relevant")));
}

TEST_F(EvaluateRetrieval, TheModeOrdersEqualScoresAlsoWhereTheListIsCut) {
  EXPECT_THAT(run_of(source(), {.cutoffs = {2}}),
              testing::StartsWith("q1 Q0 b 1 1 sbert\nq1 Q0 c 2 0.5 sbert\n"));
  EXPECT_THAT(run_of(source(), {.mode = RetrievalMode::kSentenceTransformers, .cutoffs = {2}}),
              testing::StartsWith("q1 Q0 b 1 1 sbert\nq1 Q0 a 2 0.5 sbert\n"));
}

TEST_F(EvaluateRetrieval, BlocksOfTheCorpusChangeNothing) {
  for (const Similarity similarity :
       {Similarity::kDot, Similarity::kCosine, Similarity::kEuclidean}) {
    const std::string whole = run_of(source(similarity), {.cutoffs = {3}});
    for (const std::int64_t block : {1, 3}) {
      EXPECT_EQ(run_of(source(similarity), {.cutoffs = {3}, .block_documents = block}), whole);
    }
  }
}

TEST_F(EvaluateRetrieval, AMemoryLimitChangesNothingAndOneThatIsTooLowIsAnError) {
  const std::string whole = run_of(source(), {.cutoffs = {3}});
  const std::uint64_t enough = process_memory().resident_bytes + (256ULL << 20);
  EXPECT_EQ(run_of(source(), {.cutoffs = {3}, .memory_bytes = enough}), whole);
  EXPECT_THAT(message_of(ErrorKind::kUsage,
                         [&] { run_of(source(), {.cutoffs = {3}, .memory_bytes = 1 << 20}); }),
              testing::StartsWith("memory must be at least "));
}

TEST_F(EvaluateRetrieval, AEuclideanScoreIsTheNegatedDistance) {
  const TableEmbedder embeddings(
      {{"Q", {3, 4}}, {"R", {0, 0}}, {"A", {0, 0}}, {"B", {3, 3}}, {"C", {9, 9}}, {"D", {3, 4}}},
      Similarity::kEuclidean);
  EXPECT_THAT(run_of(embeddings, {.cutoffs = {3}}),
              testing::StartsWith("q1 Q0 d 1 -0 sbert\nq1 Q0 b 2 -1 sbert\nq1 Q0 a 3 -5 sbert\n"));
}

TEST_F(EvaluateRetrieval, WrongOptionsAreErrors) {
  const auto message = [](const RetrievalOptions& options, Similarity similarity) {
    return message_of(ErrorKind::kUsage, [&] {
      const TableEmbedder embeddings = source(similarity);
      evaluate_retrieval(source_of(embeddings), data(), options);
    });
  };
  EXPECT_EQ(message({.cutoffs = {}}, Similarity::kDot), "a cutoff is missing");
  EXPECT_EQ(message({.cutoffs = {5, 0}}, Similarity::kDot),
            "a metric's cutoff must be at least 1: 0");
  EXPECT_THAT(message({}, Similarity::kManhattan),
              testing::HasSubstr("the model's similarity is manhattan"));
  EXPECT_EQ(message_of(ErrorKind::kUsage, [] { parse_enum<RetrievalMode>("mode", "mteb"); }),
            "mode must be one of trec, st: mteb");
}

TEST_F(EvaluateRetrieval, WithoutARelevantDocumentThereIsNoMean) {
  RetrievalData unanswered = data();
  unanswered.judgements[0].clear();
  const TableEmbedder embeddings = source();
  EXPECT_EQ(message_of(ErrorKind::kInput,
                       [&] { evaluate_retrieval(source_of(embeddings), unanswered, {}); }),
            "no query has a relevant document");
}

TEST_F(EvaluateRetrieval, AnIdOfTwoWordsCannotBeWrittenAndLeavesNoFile) {
  RetrievalData spaced = data();
  spaced.document_ids[1] = "b c";
  EXPECT_EQ(
      message_of(ErrorKind::kInput, [&] { write_trec_run(path_, spaced, {{Hit{1, 1}}}, "sbert"); }),
      "an id of a TREC run must be one word: \"b c\"");
  EXPECT_FALSE(fs::exists(path_));
}

}  // namespace
}  // namespace sbert
