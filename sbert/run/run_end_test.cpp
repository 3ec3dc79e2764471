#include "sbert/run/run_end.h"

#include <gtest/gtest.h>

#include "tests/support/on_each_rank.h"

namespace sbert {
namespace {

TEST(EarlyEnd, IsByTheStopOrByTheTimeOrNot) {
  StopSource source;
  const EarlyEnd by_stop(source.token(), 3600, alone());
  EXPECT_EQ(by_stop.reason(), std::nullopt);
  source.request_stop();
  EXPECT_EQ(by_stop.reason(), RunEnd::kAskedToStop);
  EXPECT_EQ(EarlyEnd({}, 0, alone()).reason(), RunEnd::kTimeIsUp);
  EXPECT_EQ(EarlyEnd({}, std::nullopt, alone()).reason(), std::nullopt);
}

TEST(EarlyEnd, OfOneProcessIsThatOfAll) {
  on_each_rank(2, [](ProcessGroup& group) {
    StopSource source;
    if (group.rank() == 1) source.request_stop();
    EXPECT_EQ(EarlyEnd(source.token(), std::nullopt, group).reason(), RunEnd::kAskedToStop);
    const double seconds = group.rank() == 1 ? 0 : 3600;
    EXPECT_EQ(EarlyEnd({}, seconds, group).reason(), RunEnd::kTimeIsUp);
  });
}

}  // namespace
}  // namespace sbert
