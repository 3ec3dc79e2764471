#include "sbert/mine/mining_input.h"

#include <gmock/gmock.h>

#include "sbert/base/error.h"
#include "sbert/data/beir.h"
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
      read_mining_beir(folder_ / "b", "train", {pool_});
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return error.what();
    }
    return "no error";
  }

  WorkerPool pool_{2};
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
  const MiningInput input = read_mining_examples(data, std::nullopt, {pool_});
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
  const MiningInput input = read_mining_examples(data, corpus, {pool_});
  EXPECT_THAT(texts(input), ElementsAre("x", "y", "w", "z"));
  EXPECT_THAT(input.questions[0].positives, ElementsAre(1, 3));
  EXPECT_THAT(input.questions[1].positives, ElementsAre(3));
}

TEST_F(MiningInputs, OfPairsAreRefused) {
  const auto data =
      write("p.jsonl", "{\"sentence1\": \"a\", \"sentence2\": \"b\", \"label\": 1}\n");
  try {
    read_mining_examples(data, std::nullopt, {pool_});
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
  const MiningInput input = read_mining_beir(folder_ / "b", "train", {pool_});
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
              HasSubstr("train.tsv: line 2: must be query id, document id"));
  EXPECT_THAT(beir_error(corpus_, queries_, head + "q1\td2\tx\n"),
              HasSubstr("score is not an integer: x"));
  EXPECT_THAT(beir_error(corpus_, queries_, head + "q1\td2\t0\n"),
              HasSubstr("has no document of grade 1 or more"));
  EXPECT_THAT(beir_error(corpus_, queries_, head + "q1\td9\t1\n"),
              HasSubstr("no document of the corpus has this id: d9"));
  EXPECT_THAT(beir_error(corpus_, queries_, head + "q7\td2\t1\nq5\td2\t1\n"),
              HasSubstr("queries.jsonl: lacks queries that are judged: 2, first q5"));
  EXPECT_THAT(
      beir_error(corpus_ + "{\"_id\": \"d2\", \"text\": \"x\"}\n", queries_, head + "q1\td2\t1\n"),
      HasSubstr("corpus.jsonl: line 5: duplicate _id: d2"));
}

// evaluate and mine read the same folders and refuse the same ones, with the same words.
struct BeirCase {
  const char* name;
  std::string corpus;
  std::string queries;
  std::string qrels;
  std::string error;  ///< after the folder; empty: it is read
};

const std::string kHead = "query-id\tcorpus-id\tscore\n";
const std::string kCorpus =
    "{\"_id\": \"d1\", \"text\": \"one\"}\n{\"_id\": \"d2\", \"text\": \"two\"}\n";
const std::string kQueries = "{\"_id\": \"q1\", \"text\": \"first\"}\n";
const std::string kQrels = kHead + "q1\td2\t1\n";
const std::string kMark = "\xEF\xBB\xBF";

void PrintTo(const BeirCase& each, std::ostream* out) {
  *out << each.name;
}

class BeirReaders : public FolderTest, public testing::WithParamInterface<BeirCase> {};

TEST_P(BeirReaders, AcceptAndRefuseTheSame) {
  const BeirCase& each = GetParam();
  write("corpus.jsonl", each.corpus);
  write("queries.jsonl", each.queries);
  write("qrels/train.tsv", each.qrels);
  const WorkerPool pool(2);
  const auto outcome = [&](const auto& read) -> std::string {
    try {
      read();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return std::string(error.what()).substr(folder_.native().size() + 1);
    }
    return "";
  };
  const std::string evaluating = outcome([&] { read_beir(folder_, "train"); });
  const std::string mining = outcome([&] { read_mining_beir(folder_, "train", {pool}); });
  EXPECT_EQ(evaluating, mining);
  EXPECT_THAT(mining, testing::StartsWith(each.error));
  EXPECT_EQ(mining.empty(), each.error.empty()) << mining;
}

INSTANTIATE_TEST_SUITE_P(
    Cases,
    BeirReaders,
    testing::Values(
        BeirCase{"Plain", kCorpus, kQueries, kQrels, ""},
        BeirCase{"ByteOrderMarks", kMark + kCorpus, kMark + kQueries, kMark + kQrels, ""},
        BeirCase{"BlanksAroundAGrade", kCorpus, kQueries, kHead + "q1\td2\t1 \n", ""},
        BeirCase{"WindowsLineEnds", kCorpus, kQueries, "q\td\ts\r\n\r\nq1\td2\t1\r\n", ""},
        BeirCase{"IdForUnderscoreId", "{\"id\": \"d2\", \"text\": \"x\"}\n",
                 "{\"id\": \"q1\", \"text\": \"y\"}\n", kQrels, ""},
        BeirCase{"NumbersAsIds", "{\"_id\": 2, \"text\": \"x\"}\n",
                 "{\"_id\": 1, \"text\": \"y\"}\n", kHead + "1\t2\t1\n", ""},
        BeirCase{"ATitleThatIsNull", "{\"_id\": \"d2\", \"title\": null, \"text\": \"x\"}\n",
                 kQueries, kQrels, ""},
        BeirCase{"QueriesThatAreNotJudged", kCorpus,
                 kQueries + "{\"_id\": \"q2\", \"text\": \"\"}\n", kQrels, ""},
        BeirCase{"JudgedTwice", kCorpus, kQueries, kQrels + "q1\td2\t0\n",
                 "qrels/train.tsv: line 3: query and document are judged twice: q1, d2"},
        BeirCase{"NoHeader", kCorpus, kQueries, "q1\td2\t1\n",
                 "qrels/train.tsv: line 1: the header is missing"},
        BeirCase{"NoJudgement", kCorpus, kQueries, kHead, "qrels/train.tsv: holds no judgement"},
        BeirCase{"TwoFields", kCorpus, kQueries, kHead + "q1\td2\n",
                 "qrels/train.tsv: line 2: must be query id, document id and grade"},
        BeirCase{"AGradeWithAPoint", kCorpus, kQueries, kHead + "q1\td2\t1.0\n",
                 "qrels/train.tsv: line 2: score is not an integer: 1.0"},
        BeirCase{"AnUnknownDocument", kCorpus, kQueries, kQrels + "q1\td9\t0\n",
                 "qrels/train.tsv: line 3: no document of the corpus has this id: d9"},
        BeirCase{"AnUnknownQuery", kCorpus, kQueries, kQrels + "q9\td1\t0\nq5\td1\t1\n",
                 "queries.jsonl: lacks queries that are judged: 2, first q5"},
        BeirCase{"NoDocument", "\n", kQueries, kQrels, "corpus.jsonl: holds no document"},
        BeirCase{"ADuplicateDocument", kCorpus + "\n{\"_id\": \"d1\", \"text\": \"x\"}\n", kQueries,
                 kQrels, "corpus.jsonl: line 4: duplicate _id: d1"},
        BeirCase{"ADuplicateQuery", kCorpus, kQueries + kQueries, kQrels,
                 "queries.jsonl: line 2: duplicate _id: q1"},
        BeirCase{"ADocumentWithoutId", kCorpus + "{\"text\": \"x\"}\n", kQueries, kQrels,
                 "corpus.jsonl: line 3: _id is missing"},
        BeirCase{"AQueryWithoutId", kCorpus, "{\"text\": \"x\"}\n", kQrels,
                 "queries.jsonl: line 1: _id is missing"},
        BeirCase{"AnEmptyId", kCorpus + "{\"_id\": \"\", \"text\": \"x\"}\n", kQueries, kQrels,
                 "corpus.jsonl: line 3: _id is empty"},
        BeirCase{"ADocumentWithoutText", kCorpus + "{\"_id\": \"d3\"}\n", kQueries, kQrels,
                 "corpus.jsonl: line 3: text is missing"},
        BeirCase{"Latin1", kCorpus + "{\"_id\": \"d3\", \"text\": \"caf\xE9\"}\n", kQueries, kQrels,
                 "corpus.jsonl: line 3: not UTF-8: byte 27 of the record is 0xE9"},
        BeirCase{"Latin1InJudgements", kCorpus, kQueries, kQrels + "caf\xE9\td1\t1\n",
                 "qrels/train.tsv: line 3: not UTF-8: byte 4 of the line is 0xE9"},
        BeirCase{"Utf16", kCorpus, std::string("\xFF\xFE{\0", 4), kQrels,
                 "queries.jsonl: must be UTF-8"},
        BeirCase{"AnArray",
                 "[{\"_id\": \"d1\", \"text\": \"x\"}, {\"_id\": \"d2\", \"text\": \"y\"}]",
                 kQueries, kQrels, ""},
        BeirCase{"TheSameIdAsNumberAndAsText",
                 "{\"_id\": 2, \"text\": \"x\"}\n{\"_id\": \"2\", \"text\": \"y\"}\n", kQueries,
                 kQrels, "corpus.jsonl: line 2: duplicate _id: 2"},
        BeirCase{"NotJson", "plain text\n", kQueries, kQrels,
                 "corpus.jsonl: line 1: expected an object {...}, found: plain text"}),
    [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace sbert
