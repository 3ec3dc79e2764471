#include "sbert/dist/heartbeat.h"

#include <csignal>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sbert/base/error.h"
#include "sbert/dist/free_port.h"

namespace sbert {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

constexpr const char* kLoopback = "127.0.0.1";
constexpr milliseconds kShort{100};
constexpr milliseconds kLong{30'000};

TEST(Heartbeat, IsSeenForAsLongAsItStands) {
  std::optional<Heartbeat> heartbeat(kLoopback);
  const HeartbeatPlace place = heartbeat->place();
  EXPECT_THAT(find_stopped_heartbeats({place}, kShort), ElementsAre(false));
  EXPECT_THAT(find_stopped_heartbeats({place}, kShort), ElementsAre(false));
  heartbeat.reset();
  EXPECT_THAT(find_stopped_heartbeats({place}, kLong), ElementsAre(true));
}

TEST(Heartbeat, StandsWithAnIpv6AddressToo) {
  std::optional<Heartbeat> heartbeat;
  try {
    heartbeat.emplace("::1");
  } catch (const Error&) {
    GTEST_SKIP() << "no IPv6 here";
  }
  EXPECT_THAT(find_stopped_heartbeats({heartbeat->place()}, kShort), ElementsAre(false));
}

TEST(Heartbeat, OneThatGoesOutWhileItIsWatchedIsOut) {
  std::optional<Heartbeat> going(kLoopback);
  const HeartbeatPlace place = going->place();
  std::thread late([&] { going.reset(); });
  EXPECT_THAT(find_stopped_heartbeats({place}, kLong), ElementsAre(true));
  late.join();
}

TEST(Heartbeat, GoesOutWithAProcessThatIsKilled) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const Heartbeat heartbeat(kLoopback);
    const int port = heartbeat.place().port;
    if (::write(ends[1], &port, sizeof port) != sizeof port) std::abort();
    while (true)
      ::pause();
  }
  HeartbeatPlace place{.address = kLoopback};
  ASSERT_EQ(::read(ends[0], &place.port, sizeof place.port), sizeof place.port);
  const Heartbeat other(kLoopback);
  EXPECT_THAT(find_stopped_heartbeats({place, other.place()}, kShort), ElementsAre(false, false));
  ::kill(child, SIGKILL);
  EXPECT_THAT(find_stopped_heartbeats({place}, kLong), ElementsAre(true));
  EXPECT_THAT(find_stopped_heartbeats({place, other.place()}, kShort), ElementsAre(true, false));
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Heartbeat, WhereNoneEverStoodItIsOut) {
  EXPECT_THAT(
      find_stopped_heartbeats({{}, {kLoopback, free_port()}, {"no-such-host.invalid", 1}}, kLong),
      ElementsAre(true, true, true));
}

TEST(Heartbeat, CannotStandOnAnotherMachine) {
  EXPECT_THROW(Heartbeat("192.0.2.1"), Error);  // of RFC 5737: in documents alone
}

}  // namespace
}  // namespace sbert
