#include "sbert/base/stop.h"

#include <csignal>

#include <gtest/gtest.h>

#include "sbert/base/error.h"

namespace sbert {
namespace {

// In processes of their own, since a request for a stop cannot be taken back.
TEST(StopDeathTest, FirstSignalAsksAndSecondEnds) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        catch_stop_signals();
        if (stop_requested()) std::_Exit(1);
        throw_if_stopped();
        std::raise(SIGTERM);
        if (!stop_requested()) std::_Exit(2);
        try {
          throw_if_stopped();
        } catch (const Error& error) {
          std::_Exit(exit_code(error.kind()));
        }
      },
      testing::ExitedWithCode(130), "");
  EXPECT_EXIT(
      {
        catch_stop_signals();
        std::raise(SIGINT);
        std::raise(SIGTERM);
      },
      testing::ExitedWithCode(128 + SIGTERM), "");
}

TEST(StopDeathTest, AHeldStopIsKnownAndThrowsOnlyAfter) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        catch_stop_signals();
        {
          const StopsHeld held;
          std::raise(SIGTERM);
          if (!stop_requested()) std::_Exit(2);
          throw_if_stopped();
        }
        try {
          throw_if_stopped();
        } catch (const Error& error) {
          std::_Exit(exit_code(error.kind()));
        }
      },
      testing::ExitedWithCode(130), "");
}

}  // namespace
}  // namespace sbert
