#include "sbert/config/nearest_key.h"

#include <vector>

#include <gtest/gtest.h>

namespace sbert {
namespace {

const std::vector<std::string> kKeys = {
    "name",          "model", "model.seed", "model.micro_batch_size", "model.global_batch_size",
    "model.optim.lr"};

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
