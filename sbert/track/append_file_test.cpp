#include "sbert/track/append_file.h"

#include <csignal>

#include <gmock/gmock.h>
#include <sys/resource.h>

#include "sbert/base/files.h"
#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using testing::HasSubstr;

class AppendFileTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove(path_); }
  const std::filesystem::path path_ = std::filesystem::path(testing::TempDir()) / "append_file";
};

TEST_F(AppendFileTest, GrowsByEachRecord) {
  AppendFile file(path_);
  file.append("one");
  EXPECT_EQ(read_file(path_), "one");
  file.append("two");
  EXPECT_EQ(read_file(path_), "onetwo");
  EXPECT_EQ(file.size(), 6U);
}

TEST_F(AppendFileTest, AFileThatIsThereIsNotTouched) {
  write_file_atomically(path_, "old");
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { AppendFile file(path_); }),
              HasSubstr("append_file: cannot create: File exists"));
  EXPECT_EQ(read_file(path_), "old");
}

TEST_F(AppendFileTest, AMissingFolderIsAnError) {
  EXPECT_THAT(message_of(ErrorKind::kIo, [] { AppendFile file("/nonexistent/file"); }),
              HasSubstr("/nonexistent/file: cannot create: No such file"));
}

// The limit on the size of files stands for a full disk: the kernel cuts the write short there.
TEST_F(AppendFileTest, ARecordThatDoesNotFitIsTakenBack) {
  AppendFile file(path_);
  file.append("whole");
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit = before;
  limit.rlim_cur = 10;
  setrlimit(RLIMIT_FSIZE, &limit);
  const std::string message = message_of(ErrorKind::kIo, [&] { file.append("too long for it"); });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(message, HasSubstr("append_file: cannot write: No space left on device"));
  EXPECT_EQ(read_file(path_), "whole");
}

}  // namespace
}  // namespace sbert
