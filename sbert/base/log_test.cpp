#include "sbert/base/log.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/files.h"
#include "sbert/base/message_of.h"

namespace sbert {
namespace {

class Log : public testing::Test {
 protected:
  void TearDown() override {
    set_quiet(false);
    log_to_file("");
  }
  std::string path_ = std::filesystem::path(testing::TempDir()) / "log_test.txt";
};

TEST_F(Log, GoesToStderr) {
  testing::internal::CaptureStderr();
  log_info("hello");
  log_warning("careful");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "hello\nwarning: careful\n");
}

TEST_F(Log, QuietDropsAllButWarnings) {
  testing::internal::CaptureStderr();
  set_quiet(true);
  EXPECT_TRUE(is_quiet());
  log_info("hello");
  log_warning("careful");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "warning: careful\n");
}

TEST_F(Log, FileGetsAllWithTheTime) {
  write_file_atomically(path_, "earlier\n");
  testing::internal::CaptureStderr();
  log_to_file(path_);
  set_quiet(true);
  log_info("hello");
  log_warning("careful");
  log_to_file("");
  log_info("no more");
  testing::internal::GetCapturedStderr();
  const std::string time = "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} ";
  EXPECT_THAT(read_file(path_),
              testing::MatchesRegex("earlier\n" + time + "hello\n" + time + "warning: careful\n"));
}

TEST_F(Log, WarningsGoToAFileOfTheirOwnToo) {
  const std::string warnings = path_ + ".warnings";
  write_file_atomically(warnings, "");
  testing::internal::CaptureStderr();
  log_to_file(path_, warnings);
  log_info("hello");
  log_warning("careful");
  log_to_file("");
  testing::internal::GetCapturedStderr();
  EXPECT_THAT(read_file(warnings), testing::MatchesRegex("[-: 0-9]+ warning: careful\n"));
}

TEST_F(Log, FileThatCannotBeOpenedIsNamed) {
  EXPECT_EQ(message_of(ErrorKind::kIo, [] { log_to_file("/no/such/folder/log"); }),
            "/no/such/folder/log: cannot open: No such file or directory");
}

}  // namespace
}  // namespace sbert
