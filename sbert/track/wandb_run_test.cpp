#include "sbert/track/wandb_run.h"

#include <cmath>
#include <limits>
#include <set>
#include <string>

#include <gmock/gmock.h>

#include "sbert/base/files.h"
#include "sbert/base/message_of.h"
#include "sbert/track/test_wandb_log.h"

namespace sbert {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::MatchesRegex;
using testing::Pair;
using testing::SizeIs;

// Field numbers here are those of wandb_internal.proto, as its own Python package lists them.
constexpr int kHistory = 2;
constexpr int kSummary = 3;
constexpr int kMetric = 12;
constexpr int kRun = 17;
constexpr int kExit = 18;
constexpr int kHeader = 21;

class WandbRunTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove_all(folder_); }

  const std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / "wandb_run";
};

TEST_F(WandbRunTest, IsAFolderNamedByTimeAndId) {
  const WandbRun run({}, folder_, "abc", true, "{}");
  EXPECT_THAT(run.log_path().parent_path().filename().string(),
              MatchesRegex("offline-run-[0-9]{8}_[0-9]{6}-abc"));
  EXPECT_EQ(run.log_path().filename(), "run-abc.wandb");
  EXPECT_EQ(run.log_path().parent_path().parent_path(), folder_ / "wandb");
  EXPECT_TRUE(std::filesystem::is_directory(run.log_path().parent_path() / "files"));
  EXPECT_TRUE(std::filesystem::is_directory(run.log_path().parent_path() / "logs"));
}

TEST_F(WandbRunTest, BeginsWithTheVersionAndTheRun) {
  const WandbOptions options{.name = "a name",
                             .project = "a project",
                             .entity = "a team",
                             .group = "a group",
                             .job_type = "train",
                             .notes = "some notes",
                             .tags = {"one", "two"}};
  const WandbRun run(options, folder_, "abc", true, R"({"lr":2e-05,"model":{"layers":6}})");
  const auto records = wandb_records(run.log_path());
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(integer_in(records[0], 1), 1U);
  EXPECT_EQ(integer_in(records[1], 1), 2U);
  EXPECT_EQ(find_field(find_field(records[1], 200), 1), "abc");
  EXPECT_EQ(find_field(find_field(find_field(records[0], kHeader), 1), 2), "0.70.0");

  const std::string_view content = find_field(records[1], kRun);
  EXPECT_EQ(find_field(content, 1), "abc");
  EXPECT_EQ(find_field(content, 2), "a team");
  EXPECT_EQ(find_field(content, 3), "a project");
  EXPECT_EQ(find_field(content, 6), "a group");
  EXPECT_EQ(find_field(content, 7), "train");
  EXPECT_EQ(find_field(content, 8), "a name");
  EXPECT_EQ(find_field(content, 9), "some notes");
  EXPECT_EQ(find_field(content, 10), "one");
  EXPECT_THAT(std::string(content), HasSubstr("two"));
  EXPECT_THAT(wandb_items(find_field(content, 4), 1),
              ElementsAre(Pair("lr", "2e-05"), Pair("model", R"({"layers":6})")));
  EXPECT_GT(integer_in(find_field(content, 17), 1), 1'700'000'000U);
  EXPECT_EQ(integer_in(content, 18), 0U);  // is not resumed
  EXPECT_EQ(integer_in(content, 24), 0U);  // may not resume
}

TEST_F(WandbRunTest, ARowIsTheMetricsAndWhatTheServiceNeeds) {
  WandbRun run({}, folder_, "abc", true, "{}");
  run.log(10, {{"loss", 0.5}, {"lr", 2e-5}});
  run.log(10, {{"val_loss", 0.25}});
  const auto rows = wandb_records(run.log_path(), kHistory);
  ASSERT_THAT(rows, SizeIs(2));
  const auto first = wandb_items(rows[0], 2);
  EXPECT_THAT(first, IsSupersetOf({Pair("loss", "0.5"), Pair("lr", "2e-05"), Pair("_step", "0"),
                                   Pair("trainer/global_step", "10")}));
  EXPECT_THAT(first, Contains(Pair("_timestamp", MatchesRegex("[0-9]{10}\\.[0-9]{3}"))));
  EXPECT_THAT(first, Contains(Pair("_runtime", MatchesRegex("0\\.[0-9]{3}"))));
  EXPECT_EQ(integer_in(find_field(rows[1], 2), 1), 1U);
  EXPECT_THAT(wandb_items(rows[1], 2),
              IsSupersetOf({Pair("val_loss", "0.25"), Pair("_step", "1")}));
  const auto summaries = wandb_records(run.log_path(), kSummary);
  ASSERT_THAT(summaries, SizeIs(2));
  EXPECT_EQ(wandb_items(summaries[0], 2), first);
}

TEST_F(WandbRunTest, ValuesThatAreNoNumbersAreTheServicesWords) {
  WandbRun run({}, folder_, "abc", true, "{}");
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  run.log(1, {{"a", std::nan("")}, {"b", kInfinity}, {"c", -kInfinity}});
  EXPECT_THAT(wandb_items(wandb_records(run.log_path(), kHistory).at(0), 2),
              IsSupersetOf({Pair("a", "NaN"), Pair("b", "Infinity"), Pair("c", "-Infinity")}));
}

TEST_F(WandbRunTest, EachMetricIsDefinedOnceToFollowTheTrainingStep) {
  WandbRun run({}, folder_, "abc", true, "{}");
  run.log(1, {{"loss", 1}});
  run.log(2, {{"loss", 1}, {"lr", 1}});
  const auto metrics = wandb_records(run.log_path(), kMetric);
  ASSERT_THAT(metrics, SizeIs(3));
  EXPECT_EQ(find_field(metrics[0], 1), "trainer/global_step");
  EXPECT_EQ(find_field(metrics[1], 1), "loss");
  EXPECT_EQ(find_field(metrics[1], 4), "trainer/global_step");
  EXPECT_EQ(find_field(metrics[2], 1), "lr");
}

TEST_F(WandbRunTest, EndsWithTheExitCode) {
  WandbRun run({}, folder_, "abc", true, "{}");
  run.finish(130, {});
  const auto records = wandb_records(run.log_path());
  EXPECT_EQ(integer_in(find_field(records.back(), kExit), 1), 130U);
}

TEST_F(WandbRunTest, ASecondStartGoesOnWithTheRun) {
  std::filesystem::path first_path;
  std::string whole;
  {
    WandbRun first({}, folder_, "abc", true, "{}");
    first.log(1, {{"loss", 1}});
    first.log(2, {{"loss", 1}});
    first_path = first.log_path();
    whole = read_file(first_path);
    first.log(3, {{"loss", 1}});
  }
  // Killed while it wrote the last row.
  const std::string bytes = read_file(first_path);
  write_file_atomically(first_path, bytes.substr(0, bytes.size() - 1));
  WandbRun other({}, folder_, "other-abc2", true, "{}");

  WandbRun second({}, folder_, "abc", false, "{}");
  EXPECT_THAT(second.past().unsent, ElementsAre(first_path));
  EXPECT_GT(second.log_path().string(), first_path.string());  // in the order of time
  // The whole records stay; the summary of the last row was one.
  const std::string cut = read_file(first_path);
  EXPECT_TRUE(cut.starts_with(whole));
  EXPECT_TRUE(bytes.starts_with(cut));
  EXPECT_THAT(wandb_records(first_path, kHistory), SizeIs(2));

  second.log(3, {{"loss", 1}});
  const auto run = wandb_records(second.log_path(), kRun).at(0);
  EXPECT_EQ(integer_in(run, 14), 2U);  // its first row
  EXPECT_EQ(integer_in(run, 18), 1U);  // is resumed
  EXPECT_EQ(integer_in(run, 24), 1U);  // may resume: the service adds to the rows that it has
  EXPECT_THAT(wandb_items(wandb_records(second.log_path(), kHistory).at(0), 2),
              Contains(Pair("_step", "2")));
  const auto start = [](const std::filesystem::path& path) {
    return integer_in(find_field(wandb_records(path, kRun).at(0), 17), 1);
  };
  EXPECT_GT(start(second.log_path()), start(first_path));
}

TEST_F(WandbRunTest, AnIdThatTheServiceMayKnowMayResume) {
  const WandbRun run({}, folder_, "abc", false, "{}");
  const auto content = wandb_records(run.log_path(), kRun).at(0);
  EXPECT_EQ(integer_in(content, 18), 0U);
  EXPECT_EQ(integer_in(content, 24), 1U);
}

TEST_F(WandbRunTest, ALogThatWasSentIsNotSentAgain) {
  std::filesystem::path first_path;
  {
    const WandbRun first({}, folder_, "abc", true, "{}");
    first_path = first.log_path();
  }
  write_file_atomically(first_path.string() + ".synced", "");
  const WandbRun second({}, folder_, "abc", true, "{}");
  EXPECT_THAT(second.past().unsent, SizeIs(0));
  EXPECT_EQ(second.past().num_starts, 1);
}

TEST_F(WandbRunTest, ADamagedLogIsLeftAsItIs) {
  std::filesystem::path first_path;
  {
    WandbRun first({}, folder_, "abc", true, "{}");
    first.log(1, {{"loss", 1}});
    first_path = first.log_path();
  }
  std::string bytes = read_file(first_path);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write_file_atomically(first_path, bytes);
  const WandbRun second({}, folder_, "abc", true, "{}");
  EXPECT_EQ(read_file(first_path), bytes);
}

TEST_F(WandbRunTest, AnEarlierLogThatIsNoneIsNamed) {
  const auto folder = folder_ / "wandb/offline-run-20260101_000000-abc";
  make_folder(folder);
  write_file_atomically(folder / "run-abc.wandb", "something else");
  EXPECT_THAT(message_of(ErrorKind::kInput, [&] { WandbRun({}, folder_, "abc", true, "{}"); }),
              HasSubstr("run-abc.wandb: is no log of Weights & Biases"));
}

TEST_F(WandbRunTest, AConfigurationThatIsNoObjectIsABug) {
  for (const char* config : {"[1]", "{"}) {
    EXPECT_THAT(
        message_of(ErrorKind::kInternal, [&] { WandbRun({}, folder_, "abc", true, config); }),
        HasSubstr("the configuration is no JSON object"));
  }
}

TEST(WandbRunId, IsEightLettersAndDigitsAndAnother) {
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    ids.insert(new_wandb_run_id());
    EXPECT_THAT(*ids.begin(), MatchesRegex("[a-z0-9]{8}"));
  }
  EXPECT_THAT(ids, SizeIs(100));
}

TEST(WandbRunId, MustBeAFilesName) {
  for (const char* id : {"a", "A-b_c.9"})
    EXPECT_TRUE(is_wandb_run_id(id)) << id;
  for (const char* id : {"", ".", "../x", "a/b", "a b", "a\n", "ä"})
    EXPECT_FALSE(is_wandb_run_id(id)) << id;
  EXPECT_TRUE(is_wandb_run_id(std::string(128, 'a')));
  EXPECT_FALSE(is_wandb_run_id(std::string(129, 'a')));
  EXPECT_THAT(
      message_of(ErrorKind::kUsage, [] { WandbOptions{.id = "a/b"}.validate(); }),
      HasSubstr("id must be 1 to 128 letters, digits, '-', '_' or '.', not '.' first: a/b"));
}

TEST(WandbOptions, WhatTheServiceRefusesIsRefusedHere) {
  const std::pair<WandbOptions, const char*> cases[] = {
      {{.project = "team/project"}, "and none of / \\ # ? % : (a team is entity): team/project"},
      {{.project = "a:b"}, "(a team is entity): a:b"},
      {{.project = std::string(129, 'p')}, "project must have at most 128 characters"},
      {{.tags = {"good", ""}}, "tags must have 1 to 64 characters each: "},
      {{.tags = {std::string(65, 't')}}, "tags must have 1 to 64 characters each: "},
  };
  for (const auto& [options, message] : cases) {
    EXPECT_THAT(message_of(ErrorKind::kUsage, [&] { options.validate(); }),
                testing::HasSubstr(message));
  }
  EXPECT_NO_THROW((WandbOptions{.project = "a project", .tags = {"one", "two"}}.validate()));
}

}  // namespace
}  // namespace sbert
