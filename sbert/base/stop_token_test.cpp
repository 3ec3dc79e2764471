#include "sbert/base/stop_token.h"

#include <csignal>
#include <cstdlib>

#include <gtest/gtest.h>

#include "sbert/base/error.h"
#include "sbert/base/message_of.h"

namespace sbert {
namespace {

TEST(StopToken, OfItselfNeverStops) {
  const StopToken token;
  EXPECT_FALSE(token.stop_requested());
  token.throw_if_stopped();
}

TEST(StopToken, HearsItsSourceAlone) {
  StopSource one;
  StopSource other;
  const StopToken token = one.token();
  other.request_stop();
  token.throw_if_stopped();
  one.request_stop();
  EXPECT_TRUE(token.stop_requested());
  EXPECT_EQ(message_of(ErrorKind::kCancelled, [&] { token.throw_if_stopped(); }), "interrupted");
}

TEST(StopToken, OutlivesItsSource) {
  StopToken token;
  {
    StopSource source;
    token = source.token();
    source.request_stop();
  }
  EXPECT_TRUE(token.stop_requested());
}

// In processes of their own, since a request for a stop cannot be taken back.
TEST(StopSignalsDeathTest, AClosedTerminalAsksUnlessItIsIgnored) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto exit_with_the_answer = [](bool is_ignored) {
    if (is_ignored) std::signal(SIGHUP, SIG_IGN);
    catch_stop_signals();
    std::raise(SIGHUP);
    std::_Exit(signal_stop_token().stop_requested() ? 3 : 4);
  };
  EXPECT_EXIT(exit_with_the_answer(false), testing::ExitedWithCode(3), "");
  EXPECT_EXIT(exit_with_the_answer(true), testing::ExitedWithCode(4), "");
}

TEST(StopSignalsDeathTest, FirstSignalAsksAndSecondEnds) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        catch_stop_signals();
        const StopToken token = signal_stop_token();
        if (token.stop_requested()) std::_Exit(1);
        std::raise(SIGTERM);
        if (!token.stop_requested()) std::_Exit(2);
        try {
          token.throw_if_stopped();
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

}  // namespace
}  // namespace sbert
