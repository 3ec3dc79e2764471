// Every case of tests/golden/tokenizer/configs.json: what transformers makes of the files that lie
// beside tokenizer.json and vocab.txt.

#include <fstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/text/tokenizer.h"

namespace sbert {
namespace {

using nlohmann::json;

TEST(TokenizerFiles, GiveTheIdsOfTransformers) {
  std::ifstream file(concat(SBERT_GOLDEN, "/tokenizer/configs.json"));
  const json golden = json::parse(file);
  ASSERT_GT(golden["cases"].size(), 80U);
  for (const json& each : golden["cases"]) {
    const Tokenizer tokenizer(each["files"].get<TokenizerFiles>());
    constexpr std::int64_t kLong = 1'000;
    const std::int64_t max_length =
        each["max_length"].is_null() ? kLong : each["max_length"].get<std::int64_t>();
    for (std::size_t i = 0; i < golden["texts"].size(); ++i) {
      EXPECT_EQ(tokenizer.encode(golden["texts"][i].get<std::string>(), max_length),
                each["ids"][i].get<std::vector<std::int32_t>>())
          << each["name"] << ", text " << i;
    }
  }
}

}  // namespace
}  // namespace sbert
