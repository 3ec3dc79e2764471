#include "sbert/train/loss_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/files.h"
#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using testing::HasSubstr;

class LossData : public testing::Test {
 protected:
  LossData() { make_folder(folder_); }
  ~LossData() override { std::filesystem::remove_all(folder_); }

  void check(const std::string& lines, LossKind loss, std::int64_t num_labels = 3) const {
    write_file_atomically(folder_ / "a.jsonl", lines);
    ModelOptions options;
    options.loss.name = loss;
    options.loss.num_labels = num_labels;
    check_loss_data(ExampleSet::open({folder_ / "a.jsonl"}, {}), options);
  }
  std::string refusal(ErrorKind kind, const std::string& lines, LossKind loss) const {
    return message_of(kind, [&] { check(lines, loss); });
  }

  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) /
      concat("loss_data_", testing::UnitTest::GetInstance()->current_test_info()->name());
};

std::string pair(const std::string& more) {
  return R"({"sentence1": "a", "sentence2": "b")" + more + "}\n";
}

TEST_F(LossData, ALabelThatIsNoClassIsRefusedWithFileAndRecord) {
  for (const char* label : {"3", "-1", "0.5", "2.0001"}) {
    const std::string lines =
        pair(R"(, "label": 2)") + pair(R"(, "label": 0)") + pair(concat(R"(, "label": )", label));
    EXPECT_EQ(refusal(ErrorKind::kInput, lines, LossKind::kSoftmax),
              concat(folder_ / "a.jsonl",
                     ": record 3, byte 98: label must be a class from 0 to 2 "
                     "(model.loss.num_labels is 3): ",
                     label));
  }
  EXPECT_NO_THROW(check(pair(R"(, "label": 3)"), LossKind::kSoftmax, 4));
  EXPECT_NO_THROW(check(pair(R"(, "label": "neutral")"), LossKind::kSoftmax));
}

TEST_F(LossData, WhatTheLossIsOfMustBeThere) {
  const std::string question = R"({"question": "a", "pos_doc": "b", "neg_doc": ["c"]})";
  const std::tuple<LossKind, std::string, const char*> cases[] = {
      {LossKind::kSoftmax, pair(""),
       "softmax needs the class of a pair with each record: no label"},
      {LossKind::kCosine, pair(""),
       "cosine needs the similarity of a pair with each record: no score"},
      {LossKind::kCosent, pair(""), "cosent needs the similarity of a pair"},
      {LossKind::kAngle, pair(""), "angle needs the similarity of a pair"},
      {LossKind::kTriplet, pair(""), "triplet needs hard negatives: no record has any"},
      {LossKind::kMarginMse, question,
       "margin_mse needs a teacher's scores with each record: no pos_scores"},
      {LossKind::kDistillKl,
       R"({"question": "a", "pos_doc": "b", "neg_doc": ["c"], "pos_scores": 1})",
       "distill_kl needs a teacher's scores with each record: no neg_scores"},
      {LossKind::kMarginMse, R"({"question": "a", "pos_doc": "b", "pos_scores": 1})",
       "margin_mse needs hard negatives: no record has any"},
  };
  for (const auto& [loss, lines, message] : cases) {
    EXPECT_THAT(refusal(ErrorKind::kUsage, lines, loss),
                HasSubstr(concat("a.jsonl: model.loss.name=", message)));
  }
  EXPECT_NO_THROW(check(pair(R"(, "score": 7)"), LossKind::kCosent));
  EXPECT_NO_THROW(check(question, LossKind::kTriplet));
  EXPECT_NO_THROW(check(pair(""), LossKind::kContrastive));
}

TEST_F(LossData, MinedNegativesNeedNotBeInTheFiles) {
  write_file_atomically(folder_ / "a.jsonl", pair(""));
  ModelOptions options;
  options.loss.in_batch_negatives = false;
  const ExampleSet examples = ExampleSet::open({folder_ / "a.jsonl"}, {});
  EXPECT_THAT(message_of(ErrorKind::kUsage, [&] { check_loss_data(examples, options); }),
              HasSubstr("contrastive needs hard negatives"));
  options.mining.refresh_every_n_steps = 10;
  EXPECT_NO_THROW(check_loss_data(examples, options));
}

}  // namespace
}  // namespace sbert
