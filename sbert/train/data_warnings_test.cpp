#include "sbert/train/data_warnings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/files.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kScored = "score\ts1\ts2\n5.0\ta\tb\n0.5\tc\td\n";
constexpr const char* kLabelled = "label\ts1\ts2\n0\ta\tb\n1\tc\td\n";
constexpr const char* kTriplets = "anchor\tpositive\tnegative\na\tp\tn\n";

class DataWarningsTest : public testing::Test {
 protected:
  std::vector<std::string> warnings(std::string_view bytes,
                                    LossKind loss,
                                    const std::string& name = "train.tsv") const {
    const auto path = folder_ / name;
    make_folder(folder_);
    write_file_atomically(path, bytes);
    LossOptions options;
    options.name = loss;
    std::vector<ExampleFile> files;
    files.push_back(ExampleFile::open(path));
    std::vector<std::string> all = data_warnings(files, options);
    for (std::string& each : all)
      each = each.substr(each.find(": ") + 2);
    return all;
  }

  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) /
      concat("data_warnings_", testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(DataWarningsTest, NameTheLossAndTheKeyThatItDoesNotUse) {
  using enum LossKind;
  EXPECT_THAT(warnings(kScored, kContrastive),
              ElementsAre("model.loss.name=contrastive does not use score"));
  EXPECT_THAT(warnings(kLabelled, LossKind::kTriplet),
              ElementsAre("model.loss.name=triplet does not use label"));
  for (const LossKind loss : {kCosine, kCosent, kAngle}) {
    EXPECT_THAT(warnings(kTriplets, loss),
                ElementsAre(concat("model.loss.name=", enum_name(loss), " does not use negative")));
  }
  const char* const taught =
      R"({"question": "q", "pos_doc": "p", "pos_scores": [0.5], "neg_doc": ["n"], "neg_scores": [0.1]})";
  EXPECT_THAT(warnings(taught, kContrastive, "t.jsonl"),
              ElementsAre("model.loss.name=contrastive does not use pos_scores",
                          "model.loss.name=contrastive does not use neg_scores"));
  EXPECT_THAT(warnings(taught, kCosent, "t.jsonl"),
              ElementsAre("model.loss.name=cosent does not use pos_scores",
                          "model.loss.name=cosent does not use neg_scores",
                          "model.loss.name=cosent does not use neg_doc"));
}

TEST_F(DataWarningsTest, WhatTheLossUsesIsNoMatter) {
  using enum LossKind;
  EXPECT_THAT(warnings(kTriplets, kContrastive), IsEmpty());
  EXPECT_THAT(warnings(kScored, kCosent), IsEmpty());
  EXPECT_THAT(warnings(kLabelled, kSoftmax), IsEmpty());
  EXPECT_THAT(warnings(kLabelled, kCosine), IsEmpty());
}

TEST_F(DataWarningsTest, SimilaritiesBeyondACosineAreNamed) {
  EXPECT_THAT(warnings(kScored, LossKind::kCosine),
              ElementsAre("model.loss.name=cosine brings the cosine of a pair to its score, which "
                          "must be from -1 to 1 for it: they are from 0.5 to 5"));
}

}  // namespace
}  // namespace sbert
