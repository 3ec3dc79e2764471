#include "sbert/base/write_place.h"

#include <gtest/gtest.h>

namespace sbert {
namespace {

TEST(TemporaryName, LiesBesideAndIsKnownByItsForm) {
  const std::filesystem::path name = temporary_name("a/model");
  EXPECT_EQ(name.parent_path(), "a");
  EXPECT_NE(temporary_name("a/model"), name);
  EXPECT_TRUE(is_temporary_name(name.filename().native()));
  for (const char* other : {"model", "notes.tmp-draft", "a.tmp-1", "a.tmp-1-", "a.tmp--2",
                            "a.tmp-x-2", "a.tmp-1-2.txt", ""}) {
    EXPECT_FALSE(is_temporary_name(other)) << other;
  }
}

}  // namespace
}  // namespace sbert
