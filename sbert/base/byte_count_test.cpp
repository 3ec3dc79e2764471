#include "sbert/base/byte_count.h"

#include <gmock/gmock.h>

#include "sbert/base/error.h"

namespace sbert {
namespace {

TEST(ParseByteCount, KnowsUnits) {
  EXPECT_EQ(parse_byte_count("4096"), 4'096);
  EXPECT_EQ(parse_byte_count("0"), 0);
  EXPECT_EQ(parse_byte_count("2GB"), 2'000'000'000);
  EXPECT_EQ(parse_byte_count("512 mib"), 512ULL << 20);
  EXPECT_EQ(parse_byte_count("1.5k"), 1'500);
  EXPECT_EQ(parse_byte_count("1TiB"), 1ULL << 40);
}

TEST(ParseByteCount, RefusesWhatIsNone) {
  for (const char* text : {"", "GB", "-1", "2XB", "2GBs", "nan", "inf", "1e30", "2000000TB"}) {
    try {
      parse_byte_count(text);
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      EXPECT_THAT(error.what(), testing::HasSubstr("must be a number of bytes"));
    }
  }
}

}  // namespace
}  // namespace sbert
