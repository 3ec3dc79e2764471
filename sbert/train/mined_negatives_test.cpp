#include "sbert/train/mined_negatives.h"

#include <memory>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/files.h"
#include "sbert/base/message_of.h"
#include "sbert/checkpoint/safetensors.h"

namespace sbert {
namespace {

using testing::HasSubstr;

// Records 0 and 2 have negatives, record 1 does not train.
MinedNegatives example() {
  return {.step = 8, .first = {0, 2, 2, 3}, .rows = {5, 0, 5}};
}

TEST(MinedNegatives, EachRecordHasItsRows) {
  EXPECT_THAT(example().of(0), testing::ElementsAre(5, 0));
  EXPECT_THAT(example().of(1), testing::IsEmpty());
  EXPECT_THAT(example().of(2), testing::ElementsAre(5));
}

TEST(MinedNegatives, ChangedAreThoseThatTheRecordDidNotHave) {
  const MinedNegatives now = example();
  EXPECT_EQ(share_changed(now, nullptr), 1);
  EXPECT_EQ(share_changed(now, &now), 0);
  const MinedNegatives before{.step = 4, .first = {0, 2, 2, 3}, .rows = {0, 5, 1}};
  EXPECT_DOUBLE_EQ(share_changed(now, &before), 1.0 / 3);
  EXPECT_EQ(share_changed({.step = 4, .first = {0, 0}, .rows = {}}, nullptr), 0);
}

class MinedNegativesFile : public testing::Test {
 protected:
  MinedNegativesFile() {
    std::filesystem::remove_all(folder_);
    make_folder(folder_);
    save_mined_negatives(path_, example(), "these files");
  }

  std::string refusal(const MinedNegativesOf& other) const {
    return message_of(ErrorKind::kInput, [&] { load_mined_negatives(path_, other); });
  }

  // With another list in the place of one that is in order.
  std::string refusal_of(Weight first, Weight rows) const {
    first.name = "first";
    rows.name = "rows";
    write_safetensors(path_, {first, rows}, read_safetensors(path_).metadata);
    return refusal(wanted_);
  }

  static Weight list(std::vector<std::int64_t> values) {
    const auto owner = std::make_shared<const std::vector<std::int64_t>>(std::move(values));
    return {.type = ElementType::kInt64,
            .shape = {std::ssize(*owner)},
            .bytes = {reinterpret_cast<const char*>(owner->data()), owner->size() * 8},
            .owner = owner};
  }

  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) /
      concat("mined_", testing::UnitTest::GetInstance()->current_test_info()->name());
  std::filesystem::path path_ = folder_ / "run--step=8.negatives";
  MinedNegativesOf wanted_{
      .fingerprint = "these files", .step = 8, .num_records = 3, .num_documents = 6};
};

TEST_F(MinedNegativesFile, ComesBackAsItWas) {
  EXPECT_EQ(load_mined_negatives(path_, wanted_), example());
}

TEST_F(MinedNegativesFile, MayHoldNoNegativesAtAll) {
  const MinedNegatives none{.step = 8, .first = {0, 0, 0, 0}, .rows = {}};
  save_mined_negatives(path_, none, "these files");
  EXPECT_EQ(load_mined_negatives(path_, wanted_), none);
}

TEST_F(MinedNegativesFile, AnotherRunsIsRefused) {
  MinedNegativesOf other = wanted_;
  other.fingerprint = "those files";
  EXPECT_THAT(refusal(other),
              HasSubstr("other data or with other options: these files; now those"));
  other = wanted_;
  other.step = 16;
  EXPECT_THAT(refusal(other), HasSubstr("must be of step 16: 8"));
  write_safetensors(path_, {}, {{"format", "sbert-training-state"}, {"version", "1"}});
  EXPECT_THAT(refusal(wanted_), HasSubstr("not a file of mined negatives of version 1"));
  write_safetensors(path_, {}, {});
  EXPECT_THAT(refusal(wanted_), HasSubstr("no format in its metadata"));
}

TEST_F(MinedNegativesFile, AMissingFileIsNamed) {
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { load_mined_negatives(folder_ / "none", wanted_); }),
              HasSubstr("none"));
}

TEST_F(MinedNegativesFile, DamagedListsAreRefused) {
  EXPECT_THAT(refusal_of(list({0, 1, 2}), list({1, 2})), HasSubstr("must have 4 values: 3"));
  EXPECT_THAT(refusal_of(list({1, 1, 2, 2}), list({1, 2})), HasSubstr("must rise from 0"));
  EXPECT_THAT(refusal_of(list({0, 2, 1, 2}), list({1, 2})), HasSubstr("must rise from 0"));
  EXPECT_THAT(refusal_of(list({0, 1, 2, 3}), list({1, 2})), HasSubstr("must rise from 0"));
  EXPECT_THAT(refusal_of(list({0, 1, 1, 2}), list({1, 6})), HasSubstr("must be below 6: 6"));
  EXPECT_THAT(refusal_of(list({0, 1, 1, 2}), list({1, -1})), HasSubstr("must be below 6: -1"));
  EXPECT_THAT(refusal_of(make_weight("", {4}, {0, 0, 0, 0}), list({})),
              HasSubstr("first must be a list of int64"));
  Weight matrix = list({0});
  matrix.shape = {1, 1};
  EXPECT_THAT(refusal_of(list({0, 0, 0, 0}), matrix), HasSubstr("rows must be a list of int64"));
}

}  // namespace
}  // namespace sbert
