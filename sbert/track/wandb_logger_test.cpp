#include "sbert/track/wandb_logger.h"

#include <string>

#include <gmock/gmock.h>

#include "sbert/base/files.h"
#include "sbert/base/log.h"
#include "sbert/track/test_wandb_log.h"

namespace sbert {
namespace {

using testing::HasSubstr;
using testing::Not;

class WandbLoggerTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    make_folder(folder_);
    log_to_file((folder_ / "log.txt").string());
    set_quiet(true);
  }
  void TearDown() override {
    log_to_file("");
    set_quiet(false);
  }

  std::string id_of_start(std::int64_t step, const WandbOptions& options = {}) const {
    return WandbLogger(folder_, options, {}, "{}", step).run_id();
  }
  std::string logged_by(const WandbOptions& options, const WandbEnvironment& environment) const {
    log_to_file("");
    std::filesystem::remove(folder_ / "log.txt");
    log_to_file((folder_ / "log.txt").string());
    WandbLogger(folder_, options, environment, "{}", 0);
    return read_file(folder_ / "log.txt");
  }

  const std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / "wandb_logger";
};

TEST_F(WandbLoggerTest, KeepsTheIdWhereTrainingGoesOn) {
  const std::string id = id_of_start(0);
  EXPECT_EQ(read_file(folder_ / "wandb_run_id"), id + "\n");
  EXPECT_EQ(id_of_start(20), id);
  EXPECT_NE(id_of_start(0), id);
}

TEST_F(WandbLoggerTest, AnIdThatIsGivenComesFirst) {
  const std::string id = id_of_start(0);
  EXPECT_EQ(id_of_start(20, {.id = "mine"}), "mine");
  EXPECT_EQ(id_of_start(30), "mine");
}

TEST_F(WandbLoggerTest, AnIdThatIsNoneIsNotTaken) {
  write_file_atomically(folder_ / "wandb_run_id", "../../etc\n");
  EXPECT_EQ(id_of_start(20).size(), 8U);
}

TEST_F(WandbLoggerTest, OnlyAnIdThatIsDrawnIsNew) {
  const auto may_resume = [&](std::int64_t step, const WandbOptions& options) {
    std::filesystem::remove_all(folder_ / "wandb");  // as on another machine
    id_of_start(step, options);
    return integer_in(wandb_records(newest_wandb_log(folder_), 17).at(0), 24) == 1;
  };
  EXPECT_FALSE(may_resume(0, {}));
  EXPECT_TRUE(may_resume(20, {}));
  EXPECT_TRUE(may_resume(0, {.id = "mine"}));
}

TEST_F(WandbLoggerTest, WritesWhereItIsTold) {
  const WandbLogger logger(folder_, {.save_dir = (folder_ / "elsewhere").string()}, {}, "{}", 0);
  EXPECT_TRUE(std::filesystem::is_directory(folder_ / "elsewhere/wandb"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "wandb"));
}

TEST_F(WandbLoggerTest, SaysHowToSendWhatIsOnDisk) {
  for (const bool is_asked_for : {true, false}) {
    const WandbOptions options{.id = "abc",
                               .offline = is_asked_for ? std::optional(true) : std::nullopt};
    const std::string logged = logged_by(options, {});
    EXPECT_THAT(logged, HasSubstr("run abc is written to disk; to send it: wandb sync " +
                                  (folder_ / "wandb/*-abc").string()));
    EXPECT_THAT(logged, Not(HasSubstr("warning")));
  }
}

TEST_F(WandbLoggerTest, WarnsOfAnOnlineRunThatCannotBe) {
  EXPECT_THAT(
      logged_by({.id = "abc", .offline = false}, {}),
      HasSubstr("warning: Weights & Biases: run abc is only written to disk, since "
                "wandb-core of wandb 0.31 is neither in PATH nor named by SBERT_WANDB_CORE; "
                "to send it: wandb sync"));
  EXPECT_THAT(logged_by({}, {.mode = "online", .program = "/bin/true"}),
              HasSubstr("since neither WANDB_API_KEY nor ~/.netrc has an API key; to send it"));
  EXPECT_THAT(logged_by({}, {.api_key = "key", .program = "/nonexistent/wandb-core"}),
              HasSubstr("is only written to disk: /nonexistent/wandb-core: cannot start"));
}

TEST_F(WandbLoggerTest, OfflineIsStrongerThanOnline) {
  const WandbEnvironment ready{.mode = "offline", .api_key = "key", .program = "/bin/true"};
  EXPECT_THAT(logged_by({.offline = false}, ready), HasSubstr("is written to disk"));
  EXPECT_THAT(logged_by({.offline = true}, {.mode = "online"}), HasSubstr("is written to disk"));
}

}  // namespace
}  // namespace sbert
