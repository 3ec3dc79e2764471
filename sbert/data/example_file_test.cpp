#include "sbert/data/example_file.h"

#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/message_of.h"
#include "sbert/base/worker_pool.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

class ExampleFileTest : public testing::Test {
 protected:
  ExampleFile open(std::string_view bytes, const ExampleFileOptions& options = {}) {
    write_file_atomically(path_, bytes);
    return ExampleFile::open(path_, options);
  }
  Example only(std::string_view bytes) {
    const ExampleFile file = open(bytes);
    EXPECT_EQ(file.size(), 1);
    return file.read(0);
  }
  std::string message(std::string_view bytes) {
    return message_of(ErrorKind::kInput, [&] { open(bytes); });
  }

  std::filesystem::path path_ = std::filesystem::path(testing::TempDir()) / "examples_test.json";
};

TEST_F(ExampleFileTest, ReadsAnArrayInAnyOrder) {
  const ExampleFile file = open(R"([
    {"question": "q0", "pos_doc": ["p0", "p1"], "neg_doc": ["n0", "n1", "n2"]},
    {"neg_doc": [], "pos_doc": "p", "query": "q1"}
  ])");
  ASSERT_EQ(file.size(), 2);
  EXPECT_EQ(file.read(1).question, "q1");
  EXPECT_THAT(file.read(1).pos_doc, ElementsAre("p"));
  EXPECT_THAT(file.read(1).neg_doc, IsEmpty());
  EXPECT_EQ(file.read(0).question, "q0");
  EXPECT_THAT(file.read(0).pos_doc, ElementsAre("p0", "p1"));
  EXPECT_THAT(file.read(0).neg_doc, ElementsAre("n0", "n1", "n2"));
}

TEST_F(ExampleFileTest, RefusesFormsThatItDoesNotReadByName) {
  const std::string good = "{\"query\": \"a\", \"pos_doc\": \"b\"}\n";
  EXPECT_THAT(message("\x1F\x8B..."),
              EndsWith("is compressed by gzip; training files must be decompressed"));
  EXPECT_THAT(message("\xFF\xFE..."), HasSubstr("it is UTF-16"));
  path_ = path_.parent_path() / "examples_test.CSV";
  EXPECT_THAT(message("query,pos_doc\na,b\n"),
              EndsWith("is CSV; training files are JSON Lines, a JSON array or .tsv"));
  path_ = path_.parent_path() / "examples_test.TSV";
  EXPECT_EQ(open("query\tpos_doc\na\tb\n").read(0).question, "a");
}

TEST_F(ExampleFileTest, ReadsJsonLines) {
  const ExampleFile file = open(
      "{\"query\": \"a\", \"pos_doc\": \"b\", \"neg_doc\": \"c\"}\n\n"
      "{\"question\": \"d\", \"pos_doc\": \"e\"}");
  ASSERT_EQ(file.size(), 2);
  EXPECT_THAT(file.read(0).neg_doc, ElementsAre("c"));
  EXPECT_THAT(file.read(1).neg_doc, IsEmpty());
}

TEST_F(ExampleFileTest, TextsComeUnescapedAndOtherwiseAsTheyAre) {
  const Example example =
      only(R"({"question": " a\n\"\u00e9\\\ud83d\ude00 ", "pos_doc": "", "neg_doc": ["\t", "é"]})");
  EXPECT_EQ(example.question, " a\n\"é\\😀 ");
  EXPECT_THAT(example.pos_doc, ElementsAre(""));
  EXPECT_THAT(example.neg_doc, ElementsAre("é"));
}

TEST_F(ExampleFileTest, KeysThatAreNotReadAreNamedWhetherOrNotThereIsAnIndex) {
  const std::string bytes =
      "{\"query\": \"q\", \"pos_doc\": \"p\", \"title\": \"t\"}\n"
      "{\"query\": \"r\", \"pos_doc\": \"p\", \"id\": 7, \"title\": \"t\"}\n";
  write_file_atomically(path_, bytes);
  for (int round = 0; round < 2; ++round) {
    testing::internal::CaptureStderr();
    ExampleFile::open(path_, {.least_bytes_for_index = 1});
    EXPECT_THAT(
        testing::internal::GetCapturedStderr(),
        HasSubstr("examples_test.json: keys that are not read: title (2 records), id (1 record)"));
  }
}

TEST_F(ExampleFileTest, NegativesUnderAMistypedKeyAreRefused) {
  EXPECT_THAT(message("{\"question\": \"q0\", \"pos_doc\": [\"p0\"], \"neg_docs\": [\"n0\"]}\n"),
              EndsWith("examples_test.json: record 1, byte 0: neg_docs is not read (did you mean "
                       "'neg_doc'?)"));
}

TEST_F(ExampleFileTest, TheIndexKnowsTheLabelsRangeAndTheQuestions) {
  path_ = path_.parent_path() / "examples_test.tsv";
  const ExampleFile file = open("score\ts1\ts2\n3.5\ta\tb\n-0.5\t A\tc\n1\td\te\n");
  EXPECT_TRUE(file.traits().has_label_as_score);
  EXPECT_EQ(file.traits().min_label, -0.5);
  EXPECT_EQ(file.traits().max_label, 3.5);
  EXPECT_EQ(file.index().question_key(0), file.index().question_key(1));
  EXPECT_NE(file.index().question_key(0), file.index().question_key(2));
}

TEST_F(ExampleFileTest, OtherKeysAreIgnored) {
  const Example example = only(
      R"({"id": 7, "meta": {"question": 1, "x": [null, NaN]}, "question": "q", "score": 1e-3,
          "pos_doc": "p", "note": "\ud800", "t": true, "z": null})");
  EXPECT_EQ(example.question, "q");
}

TEST_F(ExampleFileTest, KeysMayBeEscaped) {
  EXPECT_EQ(only(R"({"q\u0075ery": "q", "pos_doc": "p"})").question, "q");
}

TEST_F(ExampleFileTest, ErrorsNameFileRecordAndKey) {
  const std::string good = R"({"question": "q", "pos_doc": "p"},)";
  const auto second = [&](std::string_view record) {
    return message(concat('[', good, record, ']'));
  };
  EXPECT_THAT(second(R"({"pos_doc": "p"})"),
              EndsWith("examples_test.json: record 2, byte 35: question is missing"));
  EXPECT_THAT(second(R"({"question": "q"})"), EndsWith("record 2, byte 35: pos_doc is missing"));
  EXPECT_THAT(second(R"({"question": null, "pos_doc": "p"})"),
              EndsWith("record 2, byte 35: question: must be a string: found null"));
  EXPECT_THAT(second(R"({"query": ["q"], "pos_doc": "p"})"),
              EndsWith("record 2, byte 35: query: must be a string: found a list"));
  EXPECT_THAT(
      second(R"({"query": "q", "question": "q", "pos_doc": "p"})"),
      EndsWith("record 2, byte 35: question: a record must have query or question, not both"));
  EXPECT_THAT(second(R"({"query": "q", "pos_doc": []})"),
              EndsWith("record 2, byte 35: pos_doc: must not be an empty list"));
  EXPECT_THAT(second(R"({"query": "q", "pos_doc": null})"),
              EndsWith("pos_doc: must be a string or a list of strings: found null"));
  EXPECT_THAT(second(R"({"query": "q", "pos_doc": {"a": 1}})"),
              EndsWith("pos_doc: must be a string or a list of strings: found an object"));
  EXPECT_THAT(second(R"({"query": "q", "pos_doc": ["p", 3]})"),
              EndsWith("pos_doc: must be a list of strings: found a number"));
  EXPECT_THAT(second(R"({"query": "q", "pos_doc": "p", "neg_doc": null})"),
              EndsWith("neg_doc: must be a string or a list of strings: found null"));
  EXPECT_THAT(second(R"({"query": "q", "pos_doc": "p", "neg_doc": [["n"]]})"),
              EndsWith("neg_doc: must be a list of strings: found a list"));
  EXPECT_THAT(second(R"({"query": "q", "pos_doc": true})"), HasSubstr("found true or false"));
}

TEST_F(ExampleFileTest, BrokenJsonIsRefused) {
  EXPECT_THAT(message(R"({"question": "\ud800", "pos_doc": "p"})"),
              HasSubstr("record 1, byte 0: question: not valid JSON"));
  EXPECT_THAT(message("{\"question\": \"\x80\", \"pos_doc\": \"p\"}"),
              HasSubstr("record 1, byte 0: not valid JSON"));
  EXPECT_THAT(message("{\"question\": \"a\nb\", \"pos_doc\": \"p\"}"),
              HasSubstr("record 1, byte 0: a line break within a string"));
  EXPECT_THAT(message(R"({"question": NaN, "pos_doc": "p"})"),
              HasSubstr("question: not valid JSON"));
  EXPECT_THAT(message(R"({"question": "q" "pos_doc": "p"})"), HasSubstr("not valid JSON"));
  EXPECT_THAT(message(R"({"question": "q", "pos_doc": "p",})"), HasSubstr("not valid JSON"));
  EXPECT_THAT(message(R"({"question" "q"})"), HasSubstr("not valid JSON"));
  EXPECT_THAT(message(R"({"question": "q", "pos_doc": ["p" "q"]})"), HasSubstr("not valid JSON"));
  EXPECT_THAT(message("{"), EndsWith("record 1, byte 0: the file ends within this record"));
}

TEST_F(ExampleFileTest, FileWithoutRecordsIsRefused) {
  EXPECT_THAT(message(""), EndsWith("examples_test.json: the file is empty"));
  EXPECT_THAT(message(" \n"), EndsWith("examples_test.json: the file is empty"));
  EXPECT_THAT(message("[]"), EndsWith("examples_test.json: the file has no records"));
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { ExampleFile::open(path_.native() + ".absent"); }),
              HasSubstr("examples_test.json.absent"));
}

TEST_F(ExampleFileTest, RecordOutOfRangeIsOurBug) {
  const ExampleFile file = open(R"([{"query": "q", "pos_doc": "p"}])");
  EXPECT_EQ(message_of(ErrorKind::kInternal, [&] { file.read(1); }), "no record 1 in a file of 1");
  EXPECT_EQ(message_of(ErrorKind::kInternal, [&] { file.read(-1); }),
            "no record -1 in a file of 1");
}

TEST_F(ExampleFileTest, TheFirstRecordSaysTheForm) {
  EXPECT_EQ(only(R"({"label": 1, "s1": "a", "s2": "b"})").form, RecordForm::kPair);
  EXPECT_EQ(only(R"({"positive": "b", "anchor": "a"})").form, RecordForm::kTriplet);
  EXPECT_THAT(message("{\"anchor\": \"a\", \"positive\": \"b\"}\n{\"query\": \"a\"}\n"),
              EndsWith("record 2, byte 33: query is not read (did you mean 'anchor'?)"));
  EXPECT_THAT(message("{\"anchor\": \"a\", \"positive\": \"b\"}\n{\"positive\": \"a\"}\n"),
              EndsWith("record 2, byte 33: anchor is missing"));
}

TEST_F(ExampleFileTest, TheFirstRecordSaysWhatTheOthersHave) {
  const auto second = [&](std::string_view first, std::string_view other) {
    const std::string texts = R"("query": "q", "pos_doc": "p", "neg_doc": "n")";
    return message(concat('{', texts, first, "}\n{", texts, other, '}'));
  };
  EXPECT_THAT(second(", \"label\": 1", ""),
              HasSubstr("label is missing; the records before have one"));
  EXPECT_THAT(second("", ", \"score\": 1"),
              HasSubstr("label is here, but not in the records before"));
  EXPECT_THAT(second(", \"pos_scores\": 1", ""), HasSubstr("pos_scores is missing"));
  EXPECT_THAT(second(", \"neg_scores\": 1", ""), HasSubstr("neg_scores is missing"));
  EXPECT_THAT(second("", ", \"neg_scores\": 1"), HasSubstr("neg_scores is here"));
  const ExampleFile file = open(
      "{\"query\": \"q\", \"pos_doc\": \"p\"}\n"
      "{\"query\": \"q\", \"pos_doc\": \"p\", \"neg_doc\": \"n\", \"neg_scores\": 2}\n");
  EXPECT_TRUE(file.traits().has_negative_scores);
}

TEST_F(ExampleFileTest, ReadsATable) {
  path_ = path_.parent_path() / "examples_test.tsv";
  const ExampleFile file = open("label\tpremise\thypothesis\nneutral\ta \"b\"\tc\r\n\n1\td\te\n");
  ASSERT_EQ(file.size(), 2);
  EXPECT_EQ(file.read(0).question, "a \"b\"");
  EXPECT_EQ(file.read(0).label, 2);
  EXPECT_THAT(file.read(1).pos_doc, ElementsAre("e"));
  EXPECT_THAT(message("s1\ts2\na\tb\nc\n"),
              EndsWith("examples_test.tsv: record 2, byte 10: the line must have as many fields as "
                       "the first one names (2): 1"));
  EXPECT_THAT(message("a\tb\n1\t2\n"), EndsWith("record 1, byte 4: question is missing"));
  EXPECT_THAT(message("s1\ts2\n"), EndsWith("the file has no records"));
}

TEST_F(ExampleFileTest, BadRecordsAreSkippedIfAsked) {
  const ExampleFile file = open(
      "{\"query\": 1}\n"
      "{\"query\": \"a\", \"pos_doc\": \"p\"}\n"
      "nonsense\n"
      "{\"query\": \"lost quote, \"pos_doc\": \"p\"}\n"
      "{\"query\": \"open\n"
      "{\"query\": \"b\", \"pos_doc\": \"p\"} {\"query\": \"c\", \"pos_doc\": \"p\"}\n"
      "{\"query\"",
      {.skips_bad_records = true});
  ASSERT_EQ(file.size(), 3);
  EXPECT_EQ(file.read(0).question, "a");
  EXPECT_EQ(file.read(1).question, "b");
  EXPECT_EQ(file.read(2).question, "c");
  std::vector<std::string> bad;
  for (const BadRecord& each : file.index().bad_records())
    bad.push_back(concat(each.number, ' ', each.byte));
  EXPECT_THAT(bad, ElementsAre("1 0", "3 44", "4 53", "5 92", "8 170"));
}

TEST_F(ExampleFileTest, SkippedRecordsOfAnArrayKeepTheNumbersOfTheOthers) {
  const ExampleFile file =
      open(R"([{"query": 1}, {"query": "a", "pos_doc": "p"}, {}])", {.skips_bad_records = true});
  EXPECT_EQ(file.size(), 1);
  EXPECT_THAT(file.index().bad_records(), testing::SizeIs(2));
  EXPECT_THAT(message_of(ErrorKind::kInput, [&] { open("[{} {}]", {.skips_bad_records = true}); }),
              EndsWith("record 2, byte 4: a comma is missing before this record"));
  EXPECT_THAT(message_of(ErrorKind::kInput, [&] { open("[{}]", {.skips_bad_records = true}); }),
              EndsWith("record 1, byte 1: question is missing"));
}

TEST_F(ExampleFileTest, AnIndexIsKeptAndUsedUntilTheFileChanges) {
  const std::filesystem::path index = index_path(path_, std::nullopt);
  EXPECT_EQ(index, concat(path_, ".sbert-index"));
  std::filesystem::remove(index);
  const ExampleFileOptions options{.least_bytes_for_index = 1};
  const std::string bytes = R"([{"query": "a", "pos_doc": "p"}])";
  const auto key = open(bytes, options).index().content_key();
  ASSERT_TRUE(std::filesystem::exists(index));

  // A mark in an offset shows that the index is taken as it is.
  std::string changed = read_file(index);
  changed[16] = 99;
  write_file_atomically(index, changed);
  const ExampleFile again = ExampleFile::open(path_, options);
  EXPECT_THAT(message_of(ErrorKind::kInput, [&] { again.read(0); }),
              EndsWith("record 1, byte 99: the index is damaged; delete it"));

  const ExampleFile edited = open(R"([{"query": "b", "pos_doc": "p"}])", options);
  EXPECT_EQ(edited.read(0).question, "b");
  EXPECT_NE(edited.index().content_key(), key);
}

TEST_F(ExampleFileTest, ASmallFileLeavesNoIndex) {
  std::filesystem::remove(index_path(path_, std::nullopt));
  only(R"({"query": "a", "pos_doc": "p"})");
  EXPECT_FALSE(std::filesystem::exists(index_path(path_, std::nullopt)));
}

TEST_F(ExampleFileTest, AnIndexOfSkippedRecordsDoesNotHideThem) {
  const std::string bytes = "{\"query\": \"a\", \"pos_doc\": \"p\"}\n{\"query\": 1}\n";
  EXPECT_EQ(open(bytes, {.least_bytes_for_index = 1, .skips_bad_records = true}).size(), 1);
  EXPECT_THAT(message_of(ErrorKind::kInput,
                         [&] { ExampleFile::open(path_, {.least_bytes_for_index = 1}); }),
              EndsWith("record 2, byte 31: query: must be a string: found a number"));
  std::filesystem::remove(index_path(path_, std::nullopt));
}

TEST_F(ExampleFileTest, TheIndexMayLieInAFolderOfItsOwn) {
  const auto folder = path_.parent_path() / "indexes";
  std::filesystem::remove_all(folder);
  open(R"({"query": "a", "pos_doc": "p"})", {.index_folder = folder});
  EXPECT_TRUE(std::filesystem::exists(index_path(path_, folder)));
  EXPECT_EQ(index_path(path_, folder).parent_path(), folder);
  EXPECT_NE(index_path("a/x.json", folder), index_path("b/x.json", folder));
}

TEST_F(ExampleFileTest, WhereNoIndexCanBeWrittenItStaysInMemory) {
  const auto place = path_.parent_path() / "no_folder";
  write_file_atomically(place, "a file");
  const ExampleFile file =
      open(R"({"query": "a", "pos_doc": "p"})", {.index_folder = place / "below"});
  EXPECT_EQ(file.read(0).question, "a");
}

TEST_F(ExampleFileTest, ThreadsMayReadAtOnce) {
  std::string bytes;
  for (int i = 0; i < 500; ++i) {
    bytes += concat("{\"query\":\"q", i, "\",\"pos_doc\":[\"",
                    std::string(static_cast<std::size_t>(i * 7 % 300), 'x'), "\"]}\n");
  }
  const ExampleFile file = open(bytes);
  ASSERT_EQ(file.size(), 500);
  std::atomic<int> num_wrong = 0;
  WorkerPool(4).for_each(2'000, [&](std::size_t task) {
    const std::size_t i = task * 37 % 500;
    const Example example = file.read(static_cast<std::int64_t>(i));
    const bool is_right =
        example.question == concat('q', i) && example.pos_doc[0].size() == i * 7 % 300;
    if (!is_right) ++num_wrong;
  });
  EXPECT_EQ(num_wrong, 0);
}

TEST_F(ExampleFileTest, AStopEndsTheReadingOfALargeFile) {
  // Asked for once a block of the file was read.
  std::string bytes;
  for (int i = 0; i < 40; ++i)
    bytes += concat("{\"query\":\"q\",\"pos_doc\":[\"", std::string(60'000, 'x'), "\"]}\n");
  open(bytes);
  StopSource source;
  source.request_stop();
  EXPECT_THAT(
      message_of(
          ErrorKind::kCancelled,
          [&] { ExampleFile::open(path_, {.least_bytes_for_index = 1ULL << 40}, source.token()); }),
      EndsWith("interrupted"));
}

}  // namespace
}  // namespace sbert
