#include "sbert/base/free_list.h"

#include <vector>

#include <gtest/gtest.h>

namespace sbert {
namespace {

TEST(FreeList, AnObjectIsTakenAgainAsItsLastUserLeftIt) {
  FreeList<std::vector<int>> list;
  const std::vector<int>* first = nullptr;
  {
    const auto loan = list.take();
    first = loan.get();
    loan->push_back(7);
  }
  const auto again = list.take();
  EXPECT_EQ(again.get(), first);
  EXPECT_EQ(*again, std::vector{7});
}

TEST(FreeList, UsersAtTheSameTimeHaveDifferentObjects) {
  FreeList<int> list;
  const auto a = list.take();
  const auto b = list.take();
  EXPECT_NE(a.get(), b.get());
}

}  // namespace
}  // namespace sbert
