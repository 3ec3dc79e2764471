#include "sbert/track/metrics_file.h"

#include <cmath>

#include <gtest/gtest.h>

#include "sbert/base/error.h"
#include "sbert/base/files.h"

namespace sbert {
namespace {

std::filesystem::path fresh_path(const char* name) {
  const auto path = std::filesystem::path(testing::TempDir()) / name;
  std::filesystem::remove(path);
  return path;
}

TEST(MetricsFile, OneObjectALineInTheOrderGiven) {
  const auto path = fresh_path("metrics_order.jsonl");
  MetricsFile file(path, 0);
  file.write(10, {{"reduced_train_loss", 0.5}, {"lr", 2e-4}});
  file.write(20, {{"val_loss", std::nan("")}});
  EXPECT_EQ(read_file(path),
            "{\"step\":10,\"reduced_train_loss\":0.5,\"lr\":0.0002}\n"
            "{\"step\":20,\"val_loss\":null}\n");
}

TEST(MetricsFile, GoesOnAfterTheStepOfTheCheckpoint) {
  const auto path = fresh_path("metrics_resume.jsonl");
  {
    MetricsFile file(path, 0);
    for (const int step : {10, 20, 30})
      file.write(step, {{"loss", 1.0}});
  }
  write_file_atomically(path, read_file(path) + "{\"step\":40,\"lo");  // killed while writing
  MetricsFile file(path, 20);
  file.write(30, {{"loss", 2.0}});
  EXPECT_EQ(read_file(path),
            "{\"step\":10,\"loss\":1.0}\n{\"step\":20,\"loss\":1.0}\n{\"step\":30,\"loss\":2.0}\n");
}

TEST(MetricsFile, AFolderThatIsNotThereIsAnError) {
  MetricsFile file("/nonexistent/metrics.jsonl", 0);
  EXPECT_THROW(file.write(1, {}), Error);
}

}  // namespace
}  // namespace sbert
