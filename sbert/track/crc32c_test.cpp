#include "sbert/track/crc32c.h"

#include <string>

#include <gtest/gtest.h>

namespace sbert {
namespace {

// RFC 3720, B.4: the test patterns of iSCSI.
TEST(Crc32c, IsThatOfTheRfc) {
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43U);
  std::string ascending;
  for (char byte = 0; byte < 32; ++byte)
    ascending += byte;
  EXPECT_EQ(crc32c(ascending), 0x46DD794EU);
}

TEST(Crc32c, OfTheNineDigitsIsTheCatalogsCheckValue) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(""), 0U);
}

// What tensorboard.compat.tensorflow_stub.pywrap_tensorflow.masked_crc32c gives; the first is the
// checksum of the length of the first record of an event file.
TEST(Crc32c, MaskIsTensorFlows) {
  EXPECT_EQ(masked_crc32c(std::string("\x18\0\0\0\0\0\0\0", 8)), 0x224B7FA3U);
  EXPECT_EQ(masked_crc32c("123456789"), 0xC78AB0E5U);
  EXPECT_EQ(masked_crc32c(""), 0xA282EAD8U);
}

}  // namespace
}  // namespace sbert
