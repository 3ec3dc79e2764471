#include "sbert/mine/mining_input.h"

#include <gmock/gmock.h>

#include "sbert/base/error.h"
#include "sbert/mine/test_folder.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class MiningInputs : public FolderTest {
 protected:
  static std::vector<std::string> texts(const MiningInput& input) {
    std::vector<std::string> result;
    for (std::int64_t row = 0; row < input.documents->size(); ++row)
      result.push_back(input.documents->text(row));
    return result;
  }

  std::string beir_error(const std::string& corpus,
                         const std::string& queries,
                         const std::string& qrels) {
    write("b/corpus.jsonl", corpus);
    write("b/queries.jsonl", queries);
    write("b/qrels/train.tsv", qrels);
    try {
      read_mining_beir(folder_ / "b", "train");
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return error.what();
    }
    return "no error";
  }

  const std::string corpus_ =
      "{\"_id\": \"d1\", \"title\": \"T\", \"text\": \"one\"}\n{\"_id\": \"d2\", \"text\": "
      "\"two\"}\n"
      "{\"_id\": \"d3\", \"title\": \"\", \"text\": \"T one\"}\n{\"_id\": \"d4\", \"text\": \" "
      "\"}\n";
  const std::string queries_ =
      "{\"_id\": \"q1\", \"text\": \"first\"}\n{\"_id\": \"q2\", \"text\": \"second\"}\n";
};

TEST_F(MiningInputs, WithoutACorpusSearchAllDocumentsOfTheData) {
  const auto data = write("t.json",
                          R"([{"question": "q", "pos_doc": ["a", "b"], "neg_doc": ["c", "a b"]},
                              {"question": "r", "pos_doc": "c"},
                              {"question": "q", "pos_doc": ["b", "d"], "neg_doc": []}])");
  const MiningInput input = read_mining_examples(data, std::nullopt);
  EXPECT_THAT(texts(input), ElementsAre("a", "b", "c", "a b", "d"));
  ASSERT_EQ(input.questions.size(), 2);
  EXPECT_EQ(input.questions[0].text, "q");
  EXPECT_EQ(input.questions[0].id, "1");
  EXPECT_THAT(input.questions[0].positives, ElementsAre(0, 1, 4));
  EXPECT_EQ(input.questions[1].id, "2");
  EXPECT_THAT(input.questions[1].positives, ElementsAre(2));
  EXPECT_FALSE(input.has_ids);
}

TEST_F(MiningInputs, WithACorpusAddThePositivesThatItLacks) {
  const auto data =
      write("t.jsonl",
            "{\"question\": \"q\", \"pos_doc\": [\"y\", \"z\"], \"neg_doc\": [\"n\"]}\n"
            "{\"question\": \"r\", \"pos_doc\": [\"z\"]}\n");
  const auto corpus = write("c.txt", "x\ny\nx\nw\n");
  const MiningInput input = read_mining_examples(data, corpus);
  EXPECT_THAT(texts(input), ElementsAre("x", "y", "w", "z"));
  EXPECT_THAT(input.questions[0].positives, ElementsAre(1, 3));
  EXPECT_THAT(input.questions[1].positives, ElementsAre(3));
}

TEST_F(MiningInputs, OfPairsAreRefused) {
  const auto data =
      write("p.jsonl", "{\"sentence1\": \"a\", \"sentence2\": \"b\", \"label\": 1}\n");
  try {
    read_mining_examples(data, std::nullopt);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("mining needs question and pos_doc"));
  }
}

TEST_F(MiningInputs, OfBeirTakeGradesAboveZeroAndFindAPositiveUnderAnotherId) {
  write("b/corpus.jsonl", corpus_);
  write("b/queries.jsonl", queries_);
  write("b/qrels/train.tsv", "query-id\tcorpus-id\tscore\nq1\td3\t2\nq1\td2\t0\n");
  EXPECT_TRUE(is_beir_folder(folder_ / "b"));
  EXPECT_FALSE(is_beir_folder(folder_));
  const MiningInput input = read_mining_beir(folder_ / "b", "train");
  EXPECT_THAT(texts(input), ElementsAre("T one", "two"));
  ASSERT_EQ(input.questions.size(), 1);
  EXPECT_EQ(input.questions[0].id, "q1");
  EXPECT_THAT(input.questions[0].positives, ElementsAre(0));
  EXPECT_EQ(input.documents->id(1), "d2");
  EXPECT_TRUE(input.has_ids);
}

TEST_F(MiningInputs, OfBeirNameWhatIsWrong) {
  const std::string head = "query-id\tcorpus-id\tscore\n";
  EXPECT_EQ(beir_error(corpus_, queries_, head + "q1\td2\t1\n"), "no error");
  EXPECT_THAT(beir_error(corpus_, queries_, "q1\td2\t1\n"), HasSubstr("the header is missing"));
  EXPECT_THAT(beir_error(corpus_, queries_, head + "q1\td2\n"),
              HasSubstr("train.tsv: judgement 2 (the header is 1): must be query id, document id"));
  EXPECT_THAT(beir_error(corpus_, queries_, head + "q1\td2\tx\n"),
              HasSubstr("score is not an integer: x"));
  EXPECT_THAT(beir_error(corpus_, queries_, head + "q1\td2\t0\n"),
              HasSubstr("has no document of grade 1 or more"));
  EXPECT_THAT(beir_error(corpus_, queries_, head + "q1\td9\t1\n"),
              HasSubstr("no document of the corpus has this id: d9"));
  EXPECT_THAT(beir_error(corpus_, queries_, head + "q7\td2\t1\nq5\td2\t1\n"),
              HasSubstr("queries.jsonl: lacks questions that are judged: 2, first q5"));
  EXPECT_THAT(
      beir_error(corpus_ + "{\"_id\": \"d2\", \"text\": \"x\"}\n", queries_, head + "q1\td2\t1\n"),
      HasSubstr("corpus.jsonl: _id stands twice: d2"));
}

}  // namespace
}  // namespace sbert
