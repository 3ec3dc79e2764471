#include "sbert/base/progress.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/log.h"

namespace sbert {
namespace {

TEST(FormatDuration, ShowsHoursOnlyWhereThereAreSome) {
  EXPECT_EQ(format_duration(0), "0:00");
  EXPECT_EQ(format_duration(0.4), "0:00");
  EXPECT_EQ(format_duration(65), "1:05");
  EXPECT_EQ(format_duration(59.6), "1:00");
  EXPECT_EQ(format_duration(3'599.6), "1:00:00");
  EXPECT_EQ(format_duration(12'345.6), "3:25:46");
  EXPECT_EQ(format_duration(360'000), "100:00:00");
}

TEST(WithThousands, PutsACommaEveryThreeDigits) {
  EXPECT_EQ(with_thousands(0), "0");
  EXPECT_EQ(with_thousands(999), "999");
  EXPECT_EQ(with_thousands(1'000), "1,000");
  EXPECT_EQ(with_thousands(1'234'567), "1,234,567");
  EXPECT_EQ(with_thousands(-999), "-999");
  EXPECT_EQ(with_thousands(-123'456), "-123,456");
  EXPECT_EQ(with_thousands(std::numeric_limits<std::int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(Progress, ShortWorkIsNotWorthALine) {
  testing::internal::CaptureStderr();
  {
    Progress progress("embedding", 10, "texts");
    progress.set_note("loss 0.1");
    progress.advance(10);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Progress, LinesAreWrittenWhole) {
  testing::internal::CaptureStderr();
  print_above_progress("a\nb\n");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "a\nb\n");
}

}  // namespace
}  // namespace sbert
