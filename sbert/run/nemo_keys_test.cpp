#include "sbert/run/nemo_keys.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/config/options.h"
#include "sbert/config/yaml.h"
#include "sbert/run/train_options.h"

namespace sbert {
namespace {

std::vector<std::string_view> ignored() {
  std::vector<std::string_view> keys;
  for (const IgnoredKey& each : ignored_nemo_keys())
    keys.push_back(each.key);
  return keys;
}

TEST(NemoKeys, EveryKeyOfTheShippedConfigurationsIsUsedOrIgnored) {
  for (const char* name : {"megatron_sbert_config", "megatron_bert_config"}) {
    const ConfigTree tree = read_yaml(std::filesystem::path(SBERT_GOLDEN) / "../../conf" /
                                      (std::string(name) + ".yaml"));
    EXPECT_THAT(unknown_keys<TrainOptions>(tree.root(), "", ignored()), testing::IsEmpty()) << name;
  }
}

TEST(NemoKeys, NoKeyIsBothUsedAndIgnored) {
  const std::vector<std::string> known = known_keys<TrainOptions>("");
  for (const std::string_view key : ignored()) {
    EXPECT_EQ(std::count(known.begin(), known.end(), key), 0) << key;
  }
}

TEST(NemoKeys, EachHasAReason) {
  for (const IgnoredKey& each : ignored_nemo_keys())
    EXPECT_FALSE(each.reason.empty()) << each.key;
}

}  // namespace
}  // namespace sbert
