#include "sbert/embed/finite_rows.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

const std::vector<std::string> kTexts{"first", "second\nline"};

TEST(CheckFinite, SeesInfinitiesAndNansAtEachEnd) {
  for (const float value : {std::nanf(""), std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity()}) {
    for (const std::size_t column : {0, 2}) {
      FloatMatrix matrix(2, 3);
      EXPECT_NO_THROW(check_finite(matrix, 0, kTexts));
      matrix.row(1)[column] = value;
      EXPECT_EQ(message_of(ErrorKind::kInput, [&] { check_finite(matrix, 0, kTexts); }),
                "the model's embedding of a text is not finite: \"second line\"");
    }
  }
}

TEST(CheckFinite, LooksOnlyAtTheRowsOfItsTexts) {
  FloatMatrix matrix(4, 1);
  matrix.row(0)[0] = std::nanf("");
  matrix.row(3)[0] = std::nanf("");
  EXPECT_NO_THROW(check_finite(matrix, 1, kTexts));
  EXPECT_THAT(message_of(ErrorKind::kInput, [&] { check_finite(matrix, 2, kTexts); }),
              testing::HasSubstr("\"second line\""));
}

}  // namespace
}  // namespace sbert
