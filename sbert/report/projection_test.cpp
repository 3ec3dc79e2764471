#include "sbert/report/projection.h"

#include <cmath>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "sbert/base/files.h"

namespace sbert {
namespace {

TEST(PrincipalComponents, AreThoseOfNumpy) {
  const auto golden = nlohmann::json::parse(read_file(SBERT_GOLDEN "/projection/pca.json"));
  ASSERT_EQ(golden["cases"].size(), 3U);
  for (const auto& each : golden["cases"]) {
    FloatMatrix matrix(each["rows"], each["columns"]);
    matrix.values = each["values"].get<std::vector<float>>();
    const auto expected = each["points"].get<std::vector<double>>();
    const Projection found = principal_components(matrix);
    ASSERT_EQ(2 * found.points.size(), expected.size());
    for (std::size_t i = 0; i < found.points.size(); ++i) {
      EXPECT_NEAR(found.points[i].x, expected[2 * i], 1e-4);
      EXPECT_NEAR(found.points[i].y, expected[2 * i + 1], 1e-4);
    }
    for (std::size_t i = 0; i < 2; ++i)
      EXPECT_NEAR(found.explained_variance[i], each["explained"][i].get<double>(), 1e-6);
  }
}

TEST(PrincipalComponents, OfALineHaveNoSecond) {
  FloatMatrix matrix(3, 2);
  matrix.values = {0, 0, 3, 4, 6, 8};
  const Projection found = principal_components(matrix);
  EXPECT_NEAR(found.points[0].x, -5, 1e-9);
  EXPECT_NEAR(found.points[2].x, 5, 1e-9);
  for (const CurvePoint& point : found.points)
    EXPECT_NEAR(point.y, 0, 1e-9);
  EXPECT_NEAR(found.explained_variance[0], 1, 1e-12);
}

TEST(PrincipalComponents, OfNothingAreNothing) {
  EXPECT_TRUE(principal_components({}).points.empty());
  FloatMatrix equal(4, 3);
  for (float& value : equal.values)
    value = 0.5F;
  for (const CurvePoint& point : principal_components(equal).points) {
    EXPECT_EQ(point.x, 0);
    EXPECT_EQ(point.y, 0);
  }
  FloatMatrix column(2, 1);
  column.values = {1, 3};
  const Projection found = principal_components(column);
  EXPECT_NEAR(std::abs(found.points[0].x), 1, 1e-12);
  EXPECT_EQ(found.points[0].y, 0);
}

}  // namespace
}  // namespace sbert
