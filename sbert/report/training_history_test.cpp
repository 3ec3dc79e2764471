#include "sbert/report/training_history.h"

#include <cmath>
#include <fstream>

#include <gmock/gmock.h>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class TrainingHistoryTest : public testing::Test {
 protected:
  ~TrainingHistoryTest() override { fs::remove(path_); }

  TrainingHistory read(const std::string& text) const {
    std::ofstream(path_, std::ios::binary) << text;
    return read_training_history(path_);
  }

  fs::path path_ = fs::path(testing::TempDir()) /
                   (std::string("history_") +
                    testing::UnitTest::GetInstance()->current_test_info()->name() + ".jsonl");
};

TEST_F(TrainingHistoryTest, EachMetricIsASeriesOverTheSteps) {
  const TrainingHistory history = read(
      "{\"step\":10,\"loss\":2.5,\"lr\":1e-5}\n{\"step\":10,\"val\":0.5}\n\n{\"step\":20,\"loss\":"
      "2}\n");
  ASSERT_EQ(history.size(), 3U);
  EXPECT_EQ(history[0].name, "loss");
  ASSERT_EQ(history[0].points.size(), 2U);
  EXPECT_EQ(history[0].points[1].x, 20);
  EXPECT_EQ(history[0].points[1].y, 2);
  EXPECT_EQ(find_series(history, "val")->points[0].y, 0.5);
  EXPECT_EQ(find_series(history, "none"), nullptr);
}

TEST_F(TrainingHistoryTest, NullIsNoNumberAndOtherValuesArePassedOver) {
  const TrainingHistory history =
      read("{\"step\":1,\"loss\":null,\"name\":\"run\",\"list\":[1],\"ok\":true}\n");
  ASSERT_EQ(history.size(), 1U);
  EXPECT_TRUE(std::isnan(history[0].points[0].y));
}

TEST_F(TrainingHistoryTest, ALastLineCutShortIsLeftOut) {
  EXPECT_EQ(read("{\"step\":1,\"loss\":1}\n{\"step\":2,\"lo")[0].points.size(), 1U);
  EXPECT_EQ(read("{\"step\":1,\"loss\":1}\n{\"step\":2,\"loss\":1}")[0].points.size(), 2U);
  EXPECT_TRUE(read("").empty());
}

TEST_F(TrainingHistoryTest, ALineOfAnotherFormIsNamed) {
  const auto message = [&](const std::string& text) {
    return message_of(ErrorKind::kInput, [&] { read(text); });
  };
  EXPECT_EQ(message("{\"step\":1}\nnonsense\n{\"step\":2}\n"),
            path_.string() + ": line 2: is not JSON");
  for (const char* line : {"[1]", "{\"loss\":1}", "{\"step\":\"1\"}", "3"}) {
    EXPECT_EQ(message(std::string(line) + "\n"),
              path_.string() + ": line 1: must be an object with a number \"step\"")
        << line;
  }
}

TEST_F(TrainingHistoryTest, TooManyMetricsAreRefused) {
  const auto metrics = [](int count) {
    std::string line = "{\"step\":1";
    for (int i = 0; i < count; ++i)
      line += ",\"m" + std::to_string(i) + "\":1";
    return line + "}\n";
  };
  EXPECT_EQ(read(metrics(1'000)).size(), 1'000U);
  EXPECT_THAT(message_of(ErrorKind::kInput, [&] { read(metrics(1'001)); }),
              HasSubstr("line 1: more than 1000 metrics"));
}

TEST_F(TrainingHistoryTest, AMissingFileIsSaid) {
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { read_training_history(path_); }),
              HasSubstr(path_.string()));
}

}  // namespace
}  // namespace sbert
