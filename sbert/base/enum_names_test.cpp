#include "sbert/base/enum_names.h"

#include <gmock/gmock.h>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

enum class Metal { kIron, kGold, kLead };
constexpr auto enum_names(Metal) {
  return std::to_array<EnumName<Metal>>(
      {{"iron", Metal::kIron}, {"gold", Metal::kGold}, {"aurum", Metal::kGold}});
}
enum class Nameless { kOne };

static_assert(NamedEnum<Metal>);
static_assert(!NamedEnum<Nameless>);
static_assert(!NamedEnum<int>);
static_assert(enum_from_name<Metal>("gold") == Metal::kGold);

TEST(EnumNames, GoBothWays) {
  EXPECT_EQ(enum_name(Metal::kIron), "iron");
  EXPECT_EQ(enum_name(Metal::kGold), "gold");
  EXPECT_EQ(enum_from_name<Metal>("aurum"), Metal::kGold);
  EXPECT_EQ(enum_from_name<Metal>("Gold"), std::nullopt);
  EXPECT_EQ(enum_from_name<Metal>(""), std::nullopt);
  EXPECT_EQ(enum_name_list<Metal>(), "iron, gold, aurum");
}

TEST(EnumNames, AnotherWordIsRefusedWithThoseThereAre) {
  EXPECT_EQ(parse_enum<Metal>("coin.metal", "iron"), Metal::kIron);
  EXPECT_EQ(message_of(ErrorKind::kUsage, [] { parse_enum<Metal>("coin.metal", "tin"); }),
            "coin.metal must be one of iron, gold, aurum: tin");
}

TEST(EnumNames, AnEnumeratorWithoutOneIsAnError) {
  EXPECT_EQ(message_of(ErrorKind::kInternal, [] { enum_name(Metal::kLead); }),
            "an enumerator has no name");
}

}  // namespace
}  // namespace sbert
