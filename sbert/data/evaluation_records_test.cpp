#include "sbert/data/evaluation_records.h"

#include <gmock/gmock.h>

#include "sbert/base/files.h"
#include "sbert/base/message_of.h"
#include "sbert/data/example_pool.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class EvaluationRecords : public testing::Test {
 protected:
  void SetUp() override { make_folder(folder_); }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path put(const std::string& name, const std::string& content) {
    write_file_atomically(folder_ / name, content);
    return folder_ / name;
  }
  template <typename Read>
  std::string message(Read read, const fs::path& path) {
    return message_of(ErrorKind::kInput, [&] { read(path); });
  }
  fs::path folder_ = fs::path(testing::TempDir()) / "evaluation_records_test";
};

TEST_F(EvaluationRecords, PairsTakeTheNamesThatDataSetsUse) {
  const ScoredPairs pairs = read_scored_pairs(
      put("p.tsv", "label\tscore\ttext1\tpremise\thypothesis\n9\t1.5\tx\ta\tb\n"));
  EXPECT_THAT(pairs.first, ElementsAre("a"));
  EXPECT_THAT(pairs.second, ElementsAre("b"));
  EXPECT_THAT(pairs.scores, ElementsAre(1.5));
  EXPECT_THAT(pairs.lines, ElementsAre(2));
  EXPECT_THAT(read_scored_pairs(put("p.tsv", "score\tlabel\ts1\ts2\n1\t9\ta\tb\n")).scores,
              ElementsAre(1));
  EXPECT_THAT(read_labelled_pairs(put("p.csv", "score,label,s1,s2\n9,1,a,b\n")).scores,
              ElementsAre(1));
}

TEST_F(EvaluationRecords, MissingFieldsAreNamedWithTheOthersOfTheirKind) {
  EXPECT_THAT(message(read_scored_pairs, put("p.jsonl", "{\"s1\": \"a\", \"s2\": \"b\"}\n")),
              HasSubstr("p.jsonl: line 1: score is missing (or similarity_score, label)"));
  EXPECT_THAT(message(read_scored_pairs, put("p.jsonl", "{\"s1\": \"a\", \"score\": 1}\n")),
              HasSubstr("sentence2 is missing (or s2, text2, hypothesis)"));
  EXPECT_THAT(message(read_labelled_texts, put("t.csv", "text\na\n")),
              HasSubstr("t.csv: line 2: label is missing (or labels)"));
  EXPECT_THAT(message(read_reranking_samples, put("r.jsonl", "{\"query\": \"q\"}\n")),
              HasSubstr("positive is missing (or pos, pos_doc)"));
}

TEST_F(EvaluationRecords, ScoresMustBeFiniteNumbers) {
  for (const char* score : {"nan", "inf", "1e999", "", "1 "}) {
    EXPECT_THAT(message(read_scored_pairs,
                        put("p.tsv", std::string("s1\ts2\tscore\na\tb\t") + score + "\n")),
                HasSubstr("line 2: score: must be a number: "));
  }
}

TEST_F(EvaluationRecords, LabelsMayBeWordsOrNumbers) {
  const LabelledTexts texts = read_labelled_texts(
      put("t.jsonl", "{\"text\": \"a\", \"label\": 3}\n{\"text\": \"b\", \"label\": \"x\"}\n"));
  EXPECT_THAT(texts.texts, ElementsAre("a", "b"));
  EXPECT_THAT(texts.labels, ElementsAre("3", "x"));
}

TEST_F(EvaluationRecords, RerankingNeedsASampleWithBoth) {
  EXPECT_THAT(message(read_reranking_samples,
                      put("r.jsonl", "{\"query\": \"q\", \"pos\": [], \"neg\": [\"n\"]}\n")),
              HasSubstr("r.jsonl: no sample has both a positive and a negative"));
}

TEST_F(EvaluationRecords, ParaphrasesAreRowsInOrder) {
  put("texts.csv", "id,text\nx,a\ny,b\nz,c\n");
  put("pairs.csv", "id1,id2\nz,x\nx,y\n");
  EXPECT_THAT(read_paraphrases(folder_).pairs, ElementsAre(Pair(0, 1), Pair(0, 2)));
}

TEST_F(EvaluationRecords, ParaphrasesMustBeOfTwoTextsThatAreThere) {
  put("texts.csv", "id,text\nx,a\ny,b\n");
  put("pairs.csv", "id1,id2\nx,y\nx,w\n");
  EXPECT_THAT(message(read_paraphrases, folder_),
              HasSubstr("pairs.csv: line 3: id2: no text has this id: w"));
  put("pairs.csv", "id1,id2\ny,y\n");
  EXPECT_THAT(message(read_paraphrases, folder_),
              HasSubstr("line 2: a text is paired with itself: y"));
  put("texts.csv", "id,text\nx,a\nx,b\n");
  EXPECT_THAT(message(read_paraphrases, folder_), HasSubstr("texts.csv: line 3: duplicate id: x"));
}

TEST_F(EvaluationRecords, AnExamplePoolHoldsEachDocumentAndQuestionOnce) {
  const RetrievalData data =
      read_example_pool(put("t.json",
                            "[{\"question\": \"q\", \"pos_doc\": [\"a\"], \"neg_doc\": [\"b\"]},"
                            " {\"question\": \"r\", \"pos_doc\": [\"b\"], \"neg_doc\": [\"a\"]},"
                            " {\"question\": \"q\", \"pos_doc\": [\"c\"], \"neg_doc\": []}]"));
  EXPECT_THAT(data.documents, ElementsAre("a", "b", "c"));
  EXPECT_THAT(data.document_ids, ElementsAre("d1", "d2", "d3"));
  EXPECT_THAT(data.query_ids, ElementsAre("q1", "q2"));
  EXPECT_THAT(data.judgements, ElementsAre(ElementsAre(Judgement{0, 1}, Judgement{2, 1}),
                                           ElementsAre(Judgement{1, 1})));
}

}  // namespace
}  // namespace sbert
