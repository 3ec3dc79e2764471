#include "sbert/config/nearest_key.h"

#include <vector>

#include <gtest/gtest.h>

namespace sbert {
namespace {

const std::vector<std::string> kKeys = {
    "name",          "model", "model.seed", "model.micro_batch_size", "model.global_batch_size",
    "model.optim.lr"};

TEST(EditDistance, CountsByHand) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("", "ab"), 2U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("flaw", "lawn"), 2U);
  EXPECT_EQ(edit_distance("seed", "esed"), 1U);
  EXPECT_EQ(edit_distance("ca", "abc"), 3U);
}

TEST(NearestKey, FindsTypingErrors) {
  EXPECT_EQ(nearest_key("model.micro_bath_size", kKeys), "model.micro_batch_size");
  EXPECT_EQ(nearest_key("modle.seed", kKeys), "model.seed");
  EXPECT_EQ(nearest_key("nmae", kKeys), "name");
}

TEST(NearestKey, FindsNamesInAnotherPlace) {
  EXPECT_EQ(nearest_key("lr", kKeys), "model.optim.lr");
  EXPECT_EQ(nearest_key("trainer.micro_batch_size", kKeys), "model.micro_batch_size");
}

TEST(NearestKey, IsEmptyWhereNothingIsNear) {
  EXPECT_EQ(nearest_key("zzzzzz", kKeys), "");
  EXPECT_EQ(nearest_key("seed", {}), "");
  EXPECT_EQ(nearest_key(std::string(100'000, 'x'), kKeys), "");
  EXPECT_EQ(unknown_key_message("zzzzzz", kKeys), "unknown key: zzzzzz");
}

}  // namespace
}  // namespace sbert
