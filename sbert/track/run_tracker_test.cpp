#include "sbert/track/run_tracker.h"

#include <csignal>
#include <string>

#include <gmock/gmock.h>
#include <sys/resource.h>

#include "sbert/base/files.h"
#include "sbert/base/log.h"
#include "sbert/base/message_of.h"
#include "sbert/track/test_variables.h"
#include "sbert/track/test_wandb_log.h"

namespace sbert {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class RunTrackerTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    make_folder(folder_);
    log_to_file((folder_ / "log.txt").string());
    set_quiet(true);
    variables_.set("WANDB_MODE", "offline");
  }
  void TearDown() override {
    log_to_file("");
    set_quiet(false);
  }

  std::vector<std::filesystem::path> event_files() const {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      if (entry.path().filename().string().starts_with("events.out.")) files.push_back(entry);
    }
    return files;
  }
  std::string wandb_run_id() const { return read_file(folder_ / "wandb_run_id"); }
  std::string logged() const { return read_file(folder_ / "log.txt"); }

  const std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / "run_tracker";
  const TrackingOptions all_{.create_wandb_logger = true, .wandb_logger_kwargs = {.id = "abc"}};
  TestVariables variables_;
};

TEST_F(RunTrackerTest, WritesMetricsAndEventsUnlessToldOtherwise) {
  {
    RunTracker tracker(folder_, {}, "{}", 0);
    tracker.log(10, {{"loss", 0.5}});
    tracker.finish(0);
  }
  EXPECT_EQ(read_file(folder_ / "metrics.jsonl"), "{\"step\":10,\"loss\":0.5}\n");
  EXPECT_THAT(event_files(), SizeIs(1));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "wandb"));

  std::filesystem::remove(event_files()[0]);
  RunTracker quiet(folder_, {.create_tensorboard_logger = false}, "{}", 0);
  EXPECT_THAT(event_files(), IsEmpty());
}

TEST_F(RunTrackerTest, WritesARunOfWeightsAndBiases) {
  RunTracker tracker(folder_, all_, R"({"lr":1})", 0);
  tracker.log(10, {{"loss", 0.5}});
  tracker.finish(3);
  tracker.finish(4);  // does nothing
  EXPECT_EQ(wandb_run_id(), "abc\n");
  const auto exits = wandb_records(newest_wandb_log(folder_), 18);
  ASSERT_THAT(exits, SizeIs(1));
  EXPECT_EQ(integer_in(exits[0], 1), 3U);
}

TEST_F(RunTrackerTest, AStartAfterAKillGoesOnEverywhere) {
  const TrackingOptions options{.create_wandb_logger = true};
  std::string id;
  {
    RunTracker tracker(folder_, options, "{}", 0);
    for (const int step : {10, 20, 30})
      tracker.log(step, {{"loss", 1}});
    id = wandb_run_id();
  }
  RunTracker tracker(folder_, options, "{}", 20);
  tracker.log(30, {{"loss", 2}});
  EXPECT_EQ(wandb_run_id(), id);
  EXPECT_THAT(event_files(), SizeIs(2));
  EXPECT_THAT(read_file(folder_ / "metrics.jsonl"), HasSubstr("{\"step\":30,\"loss\":2.0}"));
  EXPECT_THAT(read_file(folder_ / "metrics.jsonl"), Not(HasSubstr("{\"step\":30,\"loss\":1.0}")));
}

TEST_F(RunTrackerTest, ModeDisabledWritesNoRun) {
  variables_.set("WANDB_MODE", "disabled");
  const RunTracker tracker(folder_, all_, "{}", 0);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "wandb"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "wandb_run_id"));
}

TEST_F(RunTrackerTest, APlaceThatCannotBeOpenedIsAWarning) {
  write_file_atomically(folder_ / "wandb", "a file where a folder should be");
  RunTracker tracker(folder_, all_, "{}", 0);
  tracker.log(10, {{"loss", 0.5}});
  EXPECT_THAT(logged(), HasSubstr("warning: Weights & Biases gets no more of this run: "));
  EXPECT_THAT(event_files(), SizeIs(1));
}

// The limit on the size of files stands for a full disk: above it, a write is refused.
TEST_F(RunTrackerTest, APlaceThatFailsIsGivenUpWithOneWarning) {
  RunTracker tracker(folder_, all_, "{\"long\":\"" + std::string(10'000, 'x') + "\"}", 0);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit = before;
  limit.rlim_cur = 10'000;
  setrlimit(RLIMIT_FSIZE, &limit);
  tracker.log(10, {{"loss", 0.5}});
  tracker.log(20, {{"loss", 0.5}});
  tracker.finish(0);
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  const std::string lines = logged();
  EXPECT_THAT(lines, HasSubstr("warning: TensorBoard gets no more of this run: "));
  EXPECT_THAT(lines, HasSubstr("warning: Weights & Biases gets no more of this run: "));
  std::size_t num_warnings = 0;
  for (auto at = lines.find("warning"); at != std::string::npos; at = lines.find("warning", at + 1))
    ++num_warnings;
  EXPECT_EQ(num_warnings, 2U);
  EXPECT_THAT(read_file(folder_ / "metrics.jsonl"), HasSubstr("\"step\":20"));
}

TEST_F(RunTrackerTest, MetricsThatCannotBeWrittenAreAnError) {
  make_folder(folder_ / "metrics.jsonl");
  EXPECT_THROW(RunTracker(folder_, {}, "{}", 0), Error);
  RunTracker tracker("/nonexistent", {.create_tensorboard_logger = false}, "{}", 0);
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { tracker.log(1, {}); }),
              HasSubstr("/nonexistent/metrics.jsonl: cannot write"));
}

TEST_F(RunTrackerTest, AnIdThatIsNoneIsAnErrorOfTheUser) {
  const TrackingOptions options{.wandb_logger_kwargs = {.id = "a/b"}};
  EXPECT_THAT(message_of(ErrorKind::kUsage, [&] { RunTracker(folder_, options, "{}", 0); }),
              HasSubstr("wandb_logger_kwargs: id must be"));
}

}  // namespace
}  // namespace sbert
