#include "sbert/base/error.h"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

TEST(Error, ContextIsOutermostFirst) {
  const auto work = [] {
    within("train.json",
           [] { within("record 17", [] { fail(ErrorKind::kInput, "pos_doc is missing"); }); });
  };
  EXPECT_EQ(message_of(ErrorKind::kInput, work), "train.json: record 17: pos_doc is missing");
}

TEST(Error, RemembersWhereItWasThrown) {
  const unsigned line = std::source_location::current().line();
  try {
    fail(ErrorKind::kUsage, "no");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.where().file_name(), testing::EndsWith("error_test.cpp"));
    EXPECT_EQ(error.where().line(), line + 2);
  }
}

TEST(Error, EachKindHasItsExitCode) {
  EXPECT_EQ(exit_code(ErrorKind::kUsage), 2);
  EXPECT_EQ(exit_code(ErrorKind::kInput), 3);
  EXPECT_EQ(exit_code(ErrorKind::kIo), 4);
  EXPECT_EQ(exit_code(ErrorKind::kInternal), 70);
  EXPECT_EQ(exit_code(ErrorKind::kCancelled), 130);
}

TEST(Within, HandsTheResultOn) {
  EXPECT_EQ(within("x", [] { return 7; }), 7);
  within("x", [] {});
}

TEST(Within, LeavesOtherExceptionsAlone) {
  EXPECT_THROW(within("x", [] { throw std::runtime_error("y"); }), std::runtime_error);
}

}  // namespace
}  // namespace sbert
