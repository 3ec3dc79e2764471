#include "sbert/base/folder_lock.h"

#include <csignal>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sbert/base/concat.h"
#include "sbert/base/message_of.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;

class FolderLockTest : public testing::Test {
 protected:
  FolderLockTest() { fs::remove_all(folder_); }
  ~FolderLockTest() override { fs::remove_all(folder_); }
  std::string refusal() {
    return message_of(ErrorKind::kIo, [&] { FolderLock lock(folder_); });
  }

  fs::path folder_ = fs::path(testing::TempDir()) / "folder_lock_test";
};

TEST_F(FolderLockTest, NamesTheProcessThatHoldsIt) {
  {
    const FolderLock lock(folder_);
    EXPECT_THAT(refusal(), testing::HasSubstr(concat("folder_lock_test: another run writes here: "
                                                     "process ",
                                                     ::getpid(), " on ")));
    EXPECT_THAT(refusal(), testing::HasSubstr(", since 2"));
  }
  EXPECT_TRUE(fs::is_empty(folder_));
  const FolderLock again(folder_);
}

TEST_F(FolderLockTest, AProcessThatWasKilledHoldsNothing) {
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    std::optional<FolderLock> lock(std::in_place, folder_);
    [[maybe_unused]] const ssize_t told = ::write(pipe[1], "x", 1);
    ::pause();
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(pipe[0], &byte, 1), 1);
  EXPECT_THAT(refusal(), testing::HasSubstr(concat("process ", child, " on ")));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(fs::exists(folder_ / ".lock"));
  const FolderLock lock(folder_);
}

TEST_F(FolderLockTest, SaysThatNothingCanBeWritten) {
  EXPECT_THAT(message_of(ErrorKind::kIo, [] { FolderLock lock("/proc/none"); }),
              testing::HasSubstr("/proc/none"));
}

}  // namespace
}  // namespace sbert
