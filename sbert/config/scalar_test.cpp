#include "sbert/config/scalar.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/config/golden_lines.h"

namespace sbert {
namespace {

TEST(YamlScalar, IsTypedAsOmegaConfTypesIt) {
  const auto lines = read_golden_lines("scalars.tsv");
  ASSERT_GT(lines.size(), 100U);
  for (const GoldenLine& line : lines) {
    EXPECT_EQ(canonical(yaml_scalar(line.input[0])), line.expected) << line.input[0];
  }
}

TEST(YamlScalar, TimeStaysAString) {
  EXPECT_EQ(canonical(yaml_scalar("1:30:00")), "\"1:30:00\"");
  EXPECT_EQ(canonical(yaml_scalar("00:03:55:00")), "\"00:03:55:00\"");
}

TEST(YamlScalar, IntegerBeyond64BitsIsADouble) {
  EXPECT_EQ(canonical(yaml_scalar("9223372036854775808")), "9.223372036854776e+18");
  EXPECT_EQ(canonical(yaml_scalar("-9223372036854775809")), "-9.223372036854776e+18");
  EXPECT_EQ(canonical(yaml_scalar("0x1FFFFFFFFFFFFFFFF")), "3.6893488147419103e+19");
}

TEST(OverrideScalar, KeywordsAreTakenInAnyCase) {
  EXPECT_EQ(canonical(override_scalar("nULL")), "null");
  EXPECT_EQ(canonical(override_scalar("tRuE")), "true");
  EXPECT_EQ(canonical(override_scalar("FALSE")), "false");
  EXPECT_EQ(canonical(override_scalar("-iNF")), "-inf");
  EXPECT_EQ(canonical(override_scalar("yes")), "\"yes\"");
}

TEST(OverrideScalar, EmptyTextIsAnEmptyString) {
  EXPECT_EQ(canonical(override_scalar("")), "\"\"");
  EXPECT_EQ(canonical(override_scalar("+")), "\"+\"");
  EXPECT_EQ(canonical(override_scalar(".")), "\".\"");
}

TEST(DoubleText, IsAsPythonsRepr) {
  EXPECT_EQ(double_text(1.0), "1.0");
  EXPECT_EQ(double_text(-0.0), "-0.0");
  EXPECT_EQ(double_text(1e-4), "0.0001");
  EXPECT_EQ(double_text(9.9e-5), "9.9e-05");
  EXPECT_EQ(double_text(1e16), "1e+16");
  EXPECT_EQ(double_text(9999999999999998.0), "9999999999999998.0");
  EXPECT_EQ(double_text(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(double_text(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(double_text(std::nan("")), "nan");
}

TEST(ScalarText, IsAsPythonsStr) {
  EXPECT_EQ(scalar_text({}), "None");
  EXPECT_EQ(scalar_text({true}), "True");
  EXPECT_EQ(scalar_text({std::int64_t{-3}}), "-3");
  EXPECT_EQ(scalar_text({2.5}), "2.5");
  EXPECT_EQ(scalar_text({std::string("x")}), "x");
}

}  // namespace
}  // namespace sbert
