#include "sbert/run/exp_manager_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/error.h"
#include "sbert/base/message_of.h"

namespace sbert {
namespace {

TEST(MaxSecondsOfRun, ReadsDaysHoursMinutesSeconds) {
  EXPECT_EQ(max_seconds_of_run("00:00:00:07"), 7);
  EXPECT_EQ(max_seconds_of_run("01:02:03:04"), 93'784);
}

TEST(MaxSecondsOfRun, RefusesOtherForms) {
  for (const char* text :
       {"", "1", "00:01:00", "1:2:3:4:5", "00:00:00:-1", "a:0:0:0", "0:0:0:1s"}) {
    EXPECT_THAT(message_of(ErrorKind::kUsage, [&] { max_seconds_of_run(text); }),
                testing::HasSubstr("must be DD:HH:MM:SS"))
        << text;
  }
}

TEST(LogFolder, ExplicitWinsOverExpDir) {
  EXPECT_EQ(log_folder({}, "now"), "nemo_experiments/megatron_bert");
  EXPECT_EQ(log_folder({.exp_dir = "runs", .name = "a"}, "now"), "runs/a");
  EXPECT_EQ(log_folder({.explicit_log_dir = "here", .exp_dir = "runs"}, "now"), "here");
}

TEST(LogFolder, ARunThatMayNotResumeHasAVersionOfItsOwn) {
  EXPECT_EQ(log_folder({.exp_dir = "runs", .name = "a", .resume_if_exists = false}, "now"),
            "runs/a/now");
  EXPECT_EQ(log_folder({.exp_dir = "runs", .name = "a", .version = "v1", .resume_if_exists = false},
                       "now"),
            "runs/a/v1");
}

}  // namespace
}  // namespace sbert
