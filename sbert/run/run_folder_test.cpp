#include "sbert/run/run_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/files.h"
#include "sbert/base/log.h"

namespace sbert {
namespace {

class RunFolder : public testing::Test {
 protected:
  RunFolder() : folder_(std::filesystem::path(testing::TempDir()) / "run_folder") {
    std::filesystem::remove_all(folder_);
  }
  ~RunFolder() override { log_to_file(""); }

  std::filesystem::path folder_;
};

TEST_F(RunFolder, HoldsCommandConfigurationAndLogs) {
  open_run_folder(folder_, "sbert train a=1", "a: 1\n");
  testing::internal::CaptureStderr();
  log_info("hello");
  log_warning("careful");
  testing::internal::GetCapturedStderr();
  EXPECT_EQ(read_file(folder_ / "cmd-args.log"), "sbert train a=1\n");
  EXPECT_EQ(read_file(folder_ / "hparams.yaml"), "a: 1\n");
  EXPECT_THAT(read_file(folder_ / "nemo_log_globalrank-0_localrank-0.txt"),
              testing::AllOf(testing::HasSubstr("hello"), testing::HasSubstr("careful")));
  EXPECT_THAT(
      read_file(folder_ / "nemo_error_log.txt"),
      testing::AllOf(testing::Not(testing::HasSubstr("hello")), testing::HasSubstr("careful")));
}

TEST_F(RunFolder, EachStartMovesTheLogsOfTheOneBeforeAndLeavesTheRest) {
  open_run_folder(folder_, "first", "a: 1\n");
  write_file_atomically(folder_ / "metrics.jsonl", "{}\n");
  open_run_folder(folder_, "second", "a: 2\n");
  open_run_folder(folder_, "third", "a: 3\n");
  EXPECT_EQ(read_file(folder_ / "run_0/cmd-args.log"), "first\n");
  EXPECT_EQ(read_file(folder_ / "run_1/hparams.yaml"), "a: 2\n");
  EXPECT_EQ(read_file(folder_ / "cmd-args.log"), "third\n");
  EXPECT_EQ(read_file(folder_ / "metrics.jsonl"), "{}\n");
}

TEST_F(RunFolder, FindsTheCommitOfARepository) {
  make_folder(folder_ / "inner");
  EXPECT_THAT(git_commit("/proc/1"), "");
  make_folder(folder_ / ".git/refs/heads");
  write_file_atomically(folder_ / ".git/HEAD", "ref: refs/heads/main\n");
  write_file_atomically(folder_ / ".git/refs/heads/main", "1234\n");
  EXPECT_EQ(git_commit(folder_ / "inner"), "commit 1234\nbranch refs/heads/main\n");

  std::filesystem::remove(folder_ / ".git/refs/heads/main");
  write_file_atomically(folder_ / ".git/packed-refs", "# pack-refs\n5678 refs/heads/main\n");
  EXPECT_EQ(git_commit(folder_), "commit 5678\nbranch refs/heads/main\n");

  write_file_atomically(folder_ / ".git/HEAD", "9abc\n");
  EXPECT_EQ(git_commit(folder_), "commit 9abc\n");
}

}  // namespace
}  // namespace sbert
