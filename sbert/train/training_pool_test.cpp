#include "sbert/train/training_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/files.h"
#include "sbert/base/message_of.h"
#include "sbert/data/text_key.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kRecords = R"([
    {"question": "q", "pos_doc": ["a", "b"], "neg_doc": ["c", "d"]},
    {"question": "r", "pos_doc": ["d"], "neg_doc": ["A ", "e"]},
    {"question": "Q", "pos_doc": ["f"]},
    {"question": "s", "pos_doc": ["g"]}])";

class TrainingPoolTest : public testing::Test {
 protected:
  TrainingPoolTest() {
    std::filesystem::remove_all(folder_);
    make_folder(folder_);
    write_file_atomically(folder_ / "train.json", kRecords);
  }

  ExampleSet examples() const { return ExampleSet::open({folder_ / "train.json"}, {}); }

  TrainingPool pool(std::vector<RowNumber> records, const std::string& corpus = "") const {
    return TrainingPool(examples(), records, corpus);
  }

  std::string write(const std::string& name, std::string_view bytes) const {
    write_file_atomically(folder_ / name, bytes);
    return folder_ / name;
  }

  static std::vector<std::string> texts(const TrainingPool& pool) {
    std::vector<std::string> all;
    for (std::int64_t row = 0; row < pool.size(); ++row)
      all.push_back(pool.text(row));
    return all;
  }

  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) /
      concat("training_pool_", testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(TrainingPoolTest, HasEachDocumentOfTheRecordsOnceInTheFilesOrder) {
  const TrainingPool all = pool({3, 0, 2, 1});
  EXPECT_THAT(texts(all), ElementsAre("a", "b", "c", "d", "e", "f", "g"));
  EXPECT_EQ(all.num_candidates(), 7);
}

TEST_F(TrainingPoolTest, ReadsACorpusInTheFormsOfAllCommands) {
  for (const std::string& corpus :
       {write("c.csv", "id,text\n1,\"x, y\"\n"), write("c.ndjson", "{\"text\": \"x, y\"}\n"),
        write("c.json", "[{\"text\": \"x, y\"}]")}) {
    EXPECT_EQ(pool({}, corpus).text(0), "x, y") << corpus;
  }
  EXPECT_EQ(TrainingPool(examples(), {}, write("c.csv", "id,text\n"), InputFormat::kText).text(0),
            "id,text");
}

TEST_F(TrainingPoolTest, LeavesRecordsOutThatDoNotTrain) {
  const TrainingPool some = pool({0, 3});
  EXPECT_THAT(texts(some), ElementsAre("a", "b", "c", "d", "g"));
  EXPECT_THAT(some.positives(1), IsEmpty());
}

TEST_F(TrainingPoolTest, PositivesAreThoseOfTheQuestionInAllRecords) {
  const TrainingPool all = pool({0, 1, 2, 3});
  EXPECT_THAT(all.positives(0), ElementsAre(0, 1, 5));  // "q" and "Q" are one question
  EXPECT_THAT(all.positives(2), ElementsAre(0, 1, 5));
  EXPECT_THAT(all.positives(1), ElementsAre(3));
  EXPECT_THAT(all.positives(3), ElementsAre(6));
}

TEST_F(TrainingPoolTest, OfACorpusThePositivesThatItLacksAreNoCandidates) {
  const std::string corpus = write("corpus.jsonl",
                                   "{\"_id\": \"1\", \"text\": \"x\"}\n{\"_id\": \"2\", \"text\": "
                                   "\"B\"}\n{\"_id\": \"3\", \"text\": \"\"}\n");
  for (const std::string& path : {corpus, folder_.string()}) {
    const TrainingPool mixed = pool({0, 1}, path);
    EXPECT_THAT(texts(mixed), ElementsAre("x", "B", "a", "d"));
    EXPECT_EQ(mixed.num_candidates(), 2);
    EXPECT_THAT(mixed.positives(0), ElementsAre(1, 2));
    EXPECT_EQ(mixed.id_key(0), bytes_key("1"));
    EXPECT_EQ(mixed.id_key(2), 0U);
  }
}

TEST_F(TrainingPoolTest, IdsAreThoseOfTheRecords) {
  write_file_atomically(folder_ / "train.json", R"([{"question": "q", "pos_doc": "a",
      "pos_doc_id": ["7"], "neg_doc": ["b"], "neg_doc_id": ["8"]}])");
  const TrainingPool all = pool({0});
  EXPECT_EQ(all.id_key(0), bytes_key("7"));
  EXPECT_EQ(all.id_key(1), bytes_key("8"));
}

TEST_F(TrainingPoolTest, ItsContentTellsItFromOthers) {
  EXPECT_EQ(pool({0, 1}).content_key(), pool({1, 0}).content_key());
  EXPECT_NE(pool({0, 1}).content_key(), pool({0, 2}).content_key());
  EXPECT_NE(pool({0}, write("x.txt", "x\ny\n")).content_key(),
            pool({0}, write("y.txt", "y\nx\n")).content_key());
}

TEST_F(TrainingPoolTest, ACorpusWithoutDocumentsIsRefused) {
  EXPECT_THAT(message_of(ErrorKind::kInput, [&] { pool({0}, write("empty.txt", "\n")); }),
              testing::HasSubstr("empty.txt: no documents to mine from"));
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { pool({0}, folder_ / "none.txt"); }),
              testing::HasSubstr("none.txt"));
}

}  // namespace
}  // namespace sbert
