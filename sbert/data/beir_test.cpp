#include "sbert/data/beir.h"

#include <fstream>
#include <string_view>

#include <gmock/gmock.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kHeader = "query-id\tcorpus-id\tscore\n";

class Beir : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              concat("beir_", testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "qrels");
    put("corpus.jsonl",
        "{\"_id\": \"d1\", \"title\": \" Title\", \"text\": \"text \"}\n"
        "{\"_id\": \"d2\", \"text\": \"only text\", \"metadata\": {\"a\": [1]}}\n"
        "{\"_id\": \"d3\", \"title\": null, \"text\": \"caf\\u00e9\"}\n");
    put("queries.jsonl",
        "{\"_id\": \"q1\", \"text\": \"one\"}\n"
        "{\"_id\": \"q2\", \"text\": \"two\"}\n"
        "{\"_id\": \"q3\", \"text\": \"three\"}\n");
    put("qrels/test.tsv", concat(kHeader, "q3\td2\t2\nq1\td3\t1\nq3\td1\t0\n"));
  }

  void TearDown() override { fs::remove_all(folder_); }

  void put(const std::string& name, std::string_view bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }

  void expect_error(ErrorKind kind, const std::string& message) const {
    try {
      read_beir(folder_, "test");
      FAIL() << "no error, expected: " << message;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind);
      EXPECT_THAT(error.what(), HasSubstr(concat(folder_, "/", message)));
    }
  }

  fs::path folder_;
};

TEST_F(Beir, ReadsDocumentsWithTheirTitles) {
  const RetrievalData data = read_beir(folder_, "test");
  EXPECT_THAT(data.document_ids, ElementsAre("d1", "d2", "d3"));
  EXPECT_THAT(data.documents, ElementsAre("Title text", "only text", "caf\xC3\xA9"));
}

TEST_F(Beir, KeepsTheQueriesThatAreJudgedInTheSplit) {
  const RetrievalData data = read_beir(folder_, "test");
  EXPECT_THAT(data.query_ids, ElementsAre("q1", "q3"));
  EXPECT_THAT(data.queries, ElementsAre("one", "three"));
  EXPECT_THAT(data.judgements, ElementsAre(ElementsAre(Judgement{2, 1}),
                                           ElementsAre(Judgement{1, 2}, Judgement{0, 0})));
}

TEST_F(Beir, ReadsWindowsLineEndsBlankLinesAndAMissingLastLineEnd) {
  put("queries.jsonl",
      "\r\n{\"_id\": \"q1\", \"text\": \"one\"}\r\n\r\n{\"_id\":\"q3\",\"text\":\"\"}");
  put("qrels/test.tsv", "query-id\tcorpus-id\tscore\r\nq3\td2\t-1\r\n\r\nq1\td3\t1\r\n");
  const RetrievalData data = read_beir(folder_, "test");
  EXPECT_THAT(data.queries, ElementsAre("one", ""));
  EXPECT_THAT(data.judgements,
              ElementsAre(ElementsAre(Judgement{2, 1}), ElementsAre(Judgement{1, -1})));
}

TEST_F(Beir, ReadsADocumentOfManyLengths) {
  // Around the space that a JSON parser may read past the end.
  std::string corpus;
  for (std::size_t length = 0; length < 200; ++length) {
    corpus += concat("{\"_id\":\"d", length, "\",\"text\":\"", std::string(length, 'x'), "\"}\n");
  }
  put("corpus.jsonl", corpus);
  const RetrievalData data = read_beir(folder_, "test");
  ASSERT_EQ(data.documents.size(), 200);
  for (std::size_t length = 0; length < 200; ++length) {
    EXPECT_EQ(data.documents[length], std::string(length, 'x'));
  }
}

TEST_F(Beir, TakesAByteOrderMarkAnIdAndANumberForOne) {
  put("corpus.jsonl",
      "\xEF\xBB\xBF{\"id\": \"d1\", \"text\": \"x\"}\n{\"_id\": 7, \"id\": \"d2\", \"text\": "
      "\"y\"}\n");
  put("queries.jsonl", "\xEF\xBB\xBF{\"id\": 3, \"text\": \"one\"}\n");
  put("qrels/test.tsv", "\xEF\xBB\xBFquery-id\tcorpus-id\tscore\n3\t7\t1 \n3\td1\t0\n");
  const RetrievalData data = read_beir(folder_, "test");
  EXPECT_THAT(data.document_ids, ElementsAre("d1", "7"));
  EXPECT_THAT(data.query_ids, ElementsAre("3"));
  EXPECT_THAT(data.judgements, ElementsAre(ElementsAre(Judgement{1, 1}, Judgement{0, 0})));
}

TEST_F(Beir, WarnsOfQueriesWithoutARelevantDocument) {
  put("qrels/test.tsv", concat(kHeader, "q3\td2\t0\nq1\td3\t1\nq2\td1\t0\n"));
  const RetrievalData data = read_beir(folder_, "test");
  EXPECT_THAT(data.warnings,
              testing::ElementsAre(
                  HasSubstr("queries without a relevant document, left out of all means: 2 of 3")));
  EXPECT_EQ(data.queries.size(), 3);
}

TEST_F(Beir, SaysNothingWhenEachQueryHasARelevantDocument) {
  EXPECT_THAT(read_beir(folder_, "test").warnings, testing::IsEmpty());
}

TEST_F(Beir, AMissingFileIsAnErrorOfInputOutput) {
  for (const char* name : {"qrels/test.tsv", "queries.jsonl", "corpus.jsonl"}) {
    SetUp();
    fs::remove(folder_ / name);
    expect_error(ErrorKind::kIo, concat(name, ": cannot open"));
  }
}

TEST_F(Beir, AnEmptyFileIsNamed) {
  put("qrels/test.tsv", kHeader);
  expect_error(ErrorKind::kInput, "qrels/test.tsv: holds no judgement");
  put("qrels/test.tsv", "");
  expect_error(ErrorKind::kInput, "qrels/test.tsv: holds no judgement");
  SetUp();
  put("corpus.jsonl", "\n\n");
  expect_error(ErrorKind::kInput, "corpus.jsonl: holds no document");
}

struct BadLine {
  const char* file;
  const char* line;  ///< put behind two good lines
  const char* message;
};

class BeirBadLine : public Beir, public testing::WithParamInterface<BadLine> {};

TEST_P(BeirBadLine, IsNamedByFileAndNumber) {
  const std::string name = GetParam().file;
  const std::string good =
      name == "qrels/test.tsv"
          ? concat(kHeader, "q1\td1\t1\n")
          : "{\"_id\": \"d1\", \"text\": \"x\"}\n{\"_id\": \"d2\", \"text\": \"x\"}\n";
  put(name, concat(good, GetParam().line));
  expect_error(ErrorKind::kInput, concat(name, ": line 3: ", GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Lines,
    BeirBadLine,
    testing::Values(
        BadLine{"corpus.jsonl", "{\"_id\": \"d3\", \"text\": \"trunc",
                "the file ends within this record"},
        BadLine{"corpus.jsonl", "{\"_id\": \"d3\", \"text\": \"x\"} x",
                "expected an object {...}, found: x"},
        BadLine{"corpus.jsonl", "[\"d3\"]", "expected an object {...}, found: "},
        BadLine{"corpus.jsonl", "{\"_id\": \"d1\", \"text\": \"y\"}", "duplicate _id: d1"},
        BadLine{"corpus.jsonl", "{\"_id\": 1.5, \"text\": \"y\"}",
                "_id: must be a string or an integer: found a number with a fraction"},
        BadLine{"corpus.jsonl", "{\"_id\": \"\", \"text\": \"y\"}", "_id is empty"},
        BadLine{"corpus.jsonl", "{\"text\": \"y\"}", "_id is missing"},
        BadLine{"corpus.jsonl", "{\"_id\": \"d3\"}", "text is missing"},
        BadLine{"corpus.jsonl", "{\"_id\": \"d3\", \"text\": null}",
                "text: must be a string: found null"},
        BadLine{"corpus.jsonl", "{\"_id\": \"d3\", \"title\": [1], \"text\": \"\"}",
                "title: must be a string: found a list"},
        BadLine{"corpus.jsonl", "{\"_id\": \"\xFF\", \"text\": \"\"}",
                "not UTF-8: byte 10 of the record is 0xFF"},
        BadLine{"qrels/test.tsv", "q1\td2\t1.5\n", "score is not an integer: 1.5"},
        BadLine{"qrels/test.tsv", "q1\td2\t99999999999\n", "score is not an integer: 99999999999"},
        BadLine{"qrels/test.tsv", "q1\td2\t\n", "score is not an integer: "},
        BadLine{"qrels/test.tsv", "q1\td9\t1\n", "no document of the corpus has this id: d9"},
        BadLine{"qrels/test.tsv", "q1\td1\t1\n", "query and document are judged twice: q1, d1"},
        BadLine{"qrels/test.tsv", "q1 d2 1\n", "must be query id, document id and grade"},
        BadLine{"qrels/test.tsv", "q1\td2\n", "must be query id, document id and grade"},
        BadLine{"qrels/test.tsv", "q1\td2\t1\t0\n", "must be query id, document id and grade"}));

TEST_F(Beir, AQueryTwiceIsAnError) {
  put("queries.jsonl", "{\"_id\": \"q2\", \"text\": \"\"}\n{\"_id\": \"q2\", \"text\": \"\"}\n");
  expect_error(ErrorKind::kInput, "queries.jsonl: line 2: duplicate _id: q2");
}

TEST_F(Beir, JudgementsOfUnknownQueriesAreCounted) {
  put("qrels/test.tsv", concat(kHeader, "q1\td1\t1\nz\td1\t1\na\td1\t1\na\td2\t1\n"));
  expect_error(ErrorKind::kInput, "queries.jsonl: lacks queries that are judged: 2, first a");
}

TEST_F(Beir, AMissingHeaderIsNotTakenForOne) {
  put("qrels/test.tsv", "q1\td1\t1\n");
  expect_error(ErrorKind::kInput, "qrels/test.tsv: line 1: the header is missing");
}

}  // namespace
}  // namespace sbert
