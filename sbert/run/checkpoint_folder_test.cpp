#include "sbert/run/checkpoint_folder.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/files.h"

namespace sbert {
namespace {

using testing::ElementsAre;

class CheckpointFolderTest : public testing::Test {
 protected:
  CheckpointFolderTest()
      : path_(
            std::filesystem::path(testing::TempDir()) /
            concat("checkpoints_", testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::remove_all(path_);
  }

  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      found.push_back(entry.path().filename());
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  static void save(CheckpointFolder& folder, std::int64_t step, std::optional<double> score) {
    folder.save(step, step * 8, score, [&](const std::filesystem::path& path) {
      write_file_atomically(path, concat("state ", step));
    });
  }

  std::filesystem::path path_;
};

TEST_F(CheckpointFolderTest, AHalfWrittenFolderOfAKilledRunIsRemoved) {
  make_folder(path_ / "best-model.tmp-1-0");
  write_file_atomically(path_ / "best-model.tmp-1-0/config.json", "half");
  make_folder(path_ / "best-model");
  remove_temporary_files(path_);
  EXPECT_THAT(names(), ElementsAre("best-model"));
}

TEST_F(CheckpointFolderTest, NamesAreNemos) {
  CheckpointFolder folder(path_, "bert", {});
  save(folder, 100, 0.5);
  EXPECT_THAT(names(),
              ElementsAre("bert--val_loss=0.500000-step=100-consumed_samples=800.0-last.ckpt",
                          "bert--val_loss=0.500000-step=100-consumed_samples=800.0.ckpt"));
}

TEST_F(CheckpointFolderTest, KeepsTheBestAndTheLast) {
  CheckpointFolder folder(path_, "bert", {.save_top_k = 2});
  const double scores[] = {0.4, 0.1, 0.3, 0.2, 0.9};
  for (int i = 0; i < 5; ++i)
    save(folder, i + 1, scores[i]);
  EXPECT_THAT(names(),
              ElementsAre("bert--val_loss=0.100000-step=2-consumed_samples=16.0.ckpt",
                          "bert--val_loss=0.200000-step=4-consumed_samples=32.0.ckpt",
                          "bert--val_loss=0.900000-step=5-consumed_samples=40.0-last.ckpt"));
  EXPECT_EQ(read_file(*folder.last()), "state 5");
}

TEST_F(CheckpointFolderTest, HigherIsBetterIfTheModeSaysSo) {
  CheckpointFolder folder(path_, "bert",
                          {.monitor = "val_mrr@10", .save_top_k = 1, .mode = MetricMode::kMax});
  for (int i = 1; i <= 3; ++i)
    save(folder, i, 1.0 / i);
  EXPECT_THAT(names(),
              testing::Contains("bert--val_mrr@10=1.000000-step=1-consumed_samples=8.0.ckpt"));
  EXPECT_EQ(names().size(), 2U);
}

TEST_F(CheckpointFolderTest, WithoutAModeTheMetricSaysWhatIsBetter) {
  struct Case {
    const char* monitor;
    std::int64_t best;  // of the scores 1, 1/2 and 1/3 at the steps 1 to 3
  };
  for (const auto& [monitor, best] : {Case{"val_loss", 3},
                                      {"val_mrr@10", 1},
                                      {"val_accuracy@1", 1},
                                      {"sts/spearman_cosine", 1}}) {
    std::filesystem::remove_all(path_);
    CheckpointFolder folder(path_, "bert", {.monitor = monitor, .save_top_k = 1});
    for (int i = 1; i <= 3; ++i)
      save(folder, i, 1.0 / i);
    EXPECT_EQ(read_file(folder.best().value()), concat("state ", best)) << monitor;
  }
}

TEST_F(CheckpointFolderTest, AScoreThatIsNoNumberIsNeverTheBest) {
  for (const double score : {std::nan(""), std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity()}) {
    std::filesystem::remove_all(path_);
    CheckpointFolder folder(path_, "bert", {.save_top_k = 1});
    save(folder, 1, 0.5);
    save(folder, 2, score);
    EXPECT_EQ(read_file(folder.best().value()), "state 1");
    EXPECT_EQ(read_file(folder.last().value()), "state 2");
    EXPECT_EQ(names().size(), 2U);
  }
}

TEST_F(CheckpointFolderTest, ASaveWithoutAScoreIsOnlyTheLast) {
  CheckpointFolder folder(path_, "bert", {});
  EXPECT_FALSE(folder.last_has_score());
  save(folder, 7, std::nullopt);
  EXPECT_FALSE(folder.last_has_score());
  EXPECT_THAT(names(), ElementsAre("bert--step=7-consumed_samples=56.0-last.ckpt"));
}

TEST_F(CheckpointFolderTest, AnewStartRanksWhatTheFirstLeft) {
  {
    CheckpointFolder folder(path_, "bert", {.save_top_k = 1});
    save(folder, 1, 0.1);
  }
  write_file_atomically(path_ / "bert--x.ckpt.tmp-123-0", "half");
  CheckpointFolder again(path_, "bert", {.save_top_k = 1});
  save(again, 2, 0.2);
  EXPECT_THAT(names(),
              ElementsAre("bert--val_loss=0.100000-step=1-consumed_samples=8.0.ckpt",
                          "bert--val_loss=0.200000-step=2-consumed_samples=16.0-last.ckpt"));
}

TEST_F(CheckpointFolderTest, OfTwoLastsTheNewerCounts) {
  CheckpointFolder folder(path_, "bert", {});
  EXPECT_EQ(folder.last(), std::nullopt);
  write_file_atomically(path_ / "bert--step=90-consumed_samples=720.0-last.ckpt", "old");
  write_file_atomically(path_ / "bert--step=100-consumed_samples=800.0-last.ckpt", "new");
  EXPECT_EQ(read_file(*folder.last()), "new");
}

TEST_F(CheckpointFolderTest, AnewStartDoesWhatAKilledRunHadYetToDo) {
  std::filesystem::create_directories(path_);
  write_file_atomically(path_ / "bert--step=90-consumed_samples=720.0-last.ckpt", "old");
  write_file_atomically(path_ / "bert--val_loss=0.5-step=100-consumed_samples=800.0-last.ckpt",
                        "new");
  for (int i = 0; i < 2; ++i) {
    const CheckpointFolder folder(path_, "bert", {});
    EXPECT_TRUE(folder.last_has_score());
    EXPECT_THAT(names(), ElementsAre("bert--val_loss=0.5-step=100-consumed_samples=800.0-last.ckpt",
                                     "bert--val_loss=0.5-step=100-consumed_samples=800.0.ckpt"));
  }
}

TEST_F(CheckpointFolderTest, AFailedWriteLeavesTheOneBefore) {
  CheckpointFolder folder(path_, "bert", {});
  save(folder, 1, 0.1);
  EXPECT_THROW(folder.save(2, 16, 0.05, [](const auto&) { throw std::runtime_error("disk full"); }),
               std::runtime_error);
  EXPECT_EQ(read_file(*folder.last()), "state 1");
}

}  // namespace
}  // namespace sbert
