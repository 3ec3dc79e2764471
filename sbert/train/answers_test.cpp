#include "sbert/train/answers.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/files.h"
#include "sbert/train/training_batch.h"

namespace sbert {
namespace {

class AnswersTest : public testing::Test {
 protected:
  AnswersTest() {
    std::filesystem::remove_all(folder_);
    make_folder(folder_);
  }

  // The answers of each record, as its texts.
  std::vector<AnswerKeys> of(std::string_view records) const {
    write_file_atomically(folder_ / "train.jsonl", records);
    const ExampleSet examples = ExampleSet::open({folder_ / "train.jsonl"}, {});
    const Answers answers(examples, options_);
    std::vector<AnswerKeys> all;
    for (std::int64_t i = 0; i < examples.size(); ++i)
      all.push_back(answers.of(examples.read(i)));
    return all;
  }
  std::vector<std::uint64_t> keys(const std::vector<std::string>& texts,
                                  RecordForm form = RecordForm::kQuestion) const {
    std::vector<std::uint64_t> all;
    for (const std::string& text : texts)
      all.push_back(document_key(text, options_, form));
    std::ranges::sort(all);
    return all;
  }

  ModelOptions options_;
  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) /
      concat("answers_", testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(AnswersTest, AreAllPositivesOfTheRecordAndTheQuestionItself) {
  const auto found = of(R"({"question": "q", "pos_doc": ["a", "b"], "neg_doc": ["c"]})");
  EXPECT_EQ(*found[0], keys({"q", "a", "b"}));
}

TEST_F(AnswersTest, OfOneQuestionAreThoseOfAllRecordsThatHaveIt) {
  const auto found =
      of("{\"question\": \"q\", \"pos_doc\": \"a\"}\n{\"question\": \"r\", \"pos_doc\": \"x\"}\n"
         "{\"question\": \" Q\", \"pos_doc\": [\"b\", \"A\"]}\n");
  EXPECT_EQ(*found[0], keys({"q", "a", "b"}));
  EXPECT_EQ(*found[2], *found[0]);
  EXPECT_EQ(*found[1], keys({"r", "x"}));
}

TEST_F(AnswersTest, ATextAsADocumentHasTheDocumentsPrefix) {
  Example example{"q", {"a"}, {}};
  EXPECT_EQ(document_key("a", options_, RecordForm::kQuestion),
            loss_targets({training_texts(example, options_)}).text_keys[0]);
  example.form = RecordForm::kPair;
  EXPECT_EQ(document_key("a", options_, RecordForm::kPair),
            loss_targets({training_texts(example, options_)}).text_keys[0]);
}

}  // namespace
}  // namespace sbert
