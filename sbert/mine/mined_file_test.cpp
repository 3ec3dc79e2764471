#include "sbert/mine/mined_file.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "sbert/base/error.h"
#include "sbert/data/example_file.h"
#include "sbert/mine/test_folder.h"

namespace sbert {
namespace {

using testing::ElementsAre;

class MinedFiles : public FolderTest {
 protected:
  MinedFiles() {
    input_.documents = std::make_unique<TextDocuments>(
        std::vector<std::string>{"a", "b \"q\"", "c"}, std::vector<std::string>{"d0", "d1", "d2"});
    input_.questions = {{"first", "q1", {1}}, {"second", "q2", {0, 2}}};
    input_.has_ids = true;
    mined_ = {{.positive_scores = {0.9F}, .negatives = {{0, 0.7F}, {2, 0.25F}}},
              {.positive_scores = {0.5F, 0.1F}, .negatives = {}}};
  }

  std::filesystem::path write_all(const std::string& name, const MinedFileOptions& options) {
    MinedFile file(folder_ / name, input_, options);
    for (std::size_t i = 0; i < mined_.size(); ++i)
      file.add(i, mined_[i]);
    file.commit();
    return folder_ / name;
  }

  MiningInput input_;
  std::vector<MinedQuestion> mined_;
};

TEST_F(MinedFiles, AreTrainingDataInBothForms) {
  for (const char* name : {"mined.json", "mined.jsonl"}) {
    const auto path = write_all(name, {});
    const ExampleFile examples = ExampleFile::open(path);
    ASSERT_EQ(examples.size(), 2) << name;
    EXPECT_EQ(examples.read(0).question, "first");
    EXPECT_THAT(examples.read(0).pos_doc, ElementsAre("b \"q\""));
    EXPECT_THAT(examples.read(0).neg_doc, ElementsAre("a", "c"));
    EXPECT_THAT(examples.read(1).pos_doc, ElementsAre("a", "c"));
    EXPECT_THAT(examples.read(1).neg_doc, testing::IsEmpty());
  }
}

TEST_F(MinedFiles, HaveScoresAndIdsWhereAskedFor) {
  const auto path = write_all("mined.jsonl", {.with_scores = true, .with_ids = true});
  EXPECT_EQ(
      read_file(path),
      "{\"question_id\":\"q1\",\"question\":\"first\",\"pos_doc\":[\"b \\\"q\\\"\"],"
      "\"neg_doc\":[\"a\",\"c\"],\"pos_doc_id\":[\"d1\"],\"neg_doc_id\":[\"d0\",\"d2\"],"
      "\"pos_scores\":[0.9],\"neg_scores\":[0.7,0.25]}\n"
      "{\"question_id\":\"q2\",\"question\":\"second\",\"pos_doc\":[\"a\",\"c\"],\"neg_doc\":[],"
      "\"pos_doc_id\":[\"d0\",\"d2\"],\"neg_doc_id\":[],\"pos_scores\":[0.5,0.1],"
      "\"neg_scores\":[]}\n");
  const Example example = ExampleFile::open(path).read(0);
  EXPECT_THAT(example.neg_scores, ElementsAre(0.7, 0.25));
  EXPECT_THAT(example.neg_doc_ids, ElementsAre(bytes_key("d0"), bytes_key("d2")));
}

TEST_F(MinedFiles, WithoutRecordsAreAnEmptyArray) {
  mined_.clear();
  EXPECT_EQ(read_file(write_all("none.json", {})), "[]\n");
}

TEST_F(MinedFiles, AppearOnlyWhenWhole) {
  {
    MinedFile(folder_ / "mined.json", input_, {}).add(0, mined_[0]);
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(MinedFiles, NeedIdsToWriteThem) {
  input_.has_ids = false;
  EXPECT_THROW(MinedFile(folder_ / "mined.json", input_, {.with_ids = true}), Error);
}

}  // namespace
}  // namespace sbert
