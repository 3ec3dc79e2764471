#include "sbert/run/exp_manager_options.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/error.h"
#include "sbert/base/message_of.h"

namespace sbert {
namespace {

std::string message_or_nothing(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

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

std::string refusal_of_mode(const std::string& monitor, MetricMode mode) {
  return message_or_nothing([&] {
    ExpManagerOptions{.checkpoint_callback_params = {.monitor = monitor, .mode = mode}}.validate();
  });
}

TEST(Mode, ThatContradictsTheMetricIsRefused) {
  constexpr const char* kKey = "exp_manager.checkpoint_callback_params.mode must be ";
  const std::tuple<const char*, MetricMode, std::string> cases[] = {
      {"val_loss", MetricMode::kAuto, ""},
      {"val_loss", MetricMode::kMin, ""},
      {"val_loss", MetricMode::kMax,
       "min or auto for val_loss, of which lower values are better: max"},
      {"val_mrr@10", MetricMode::kAuto, ""},
      {"val_mrr@10", MetricMode::kMax, ""},
      {"val_mrr@10", MetricMode::kMin,
       "max or auto for val_mrr@10, of which higher values are better: min"},
      {"sts/spearman_cosine", MetricMode::kMin,
       "max or auto for sts/spearman_cosine, of which higher values are better: min"},
      {"pairs/dot_f1_threshold", MetricMode::kMin, ""},
      {"pairs/dot_f1_threshold", MetricMode::kAuto,
       "min or max: which values of pairs/dot_f1_threshold are better is not known"},
  };
  for (const auto& [monitor, mode, message] : cases)
    EXPECT_EQ(refusal_of_mode(monitor, mode), message.empty() ? "" : kKey + message);
}

TEST(Mode, OfEarlyStoppingIsCheckedWhereItIsOn) {
  ExpManagerOptions options{
      .early_stopping_callback_params = {.monitor = "val_ndcg@10", .mode = MetricMode::kMin}};
  EXPECT_NO_THROW(options.validate());
  options.create_early_stopping_callback = true;
  EXPECT_EQ(
      message_of(ErrorKind::kUsage, [&] { options.validate(); }),
      "exp_manager.early_stopping_callback_params.mode must be max or auto for val_ndcg@10, of "
      "which higher values are better: min");
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
