#include "sbert/dist/addresses.h"

#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sbert/base/message_of.h"
#include "sbert/dist/free_port.h"

namespace sbert {
namespace {

using std::chrono::milliseconds;

int listen_at(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::listen(socket, 1), 0);
  return socket;
}

TEST(Addresses, TheOwnAddressTowardsThisMachineIsTheLoopbacks) {
  EXPECT_EQ(own_address("127.0.0.1"), "127.0.0.1");
  EXPECT_EQ(message_of(ErrorKind::kIo, [] { own_address("no-such-host.invalid"); }),
            "unknown host: no-such-host.invalid");
}

TEST(Addresses, AListenerThatComesLateIsFound) {
  const int port = free_port();
  int socket = -1;
  std::thread late([&] { socket = listen_at(port); });
  EXPECT_TRUE(wait_for_listener("127.0.0.1", port, milliseconds(30'000)));
  late.join();
  ::close(socket);
}

TEST(Addresses, WhereNobodyListensTheWaitEndsWithTheTime) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(wait_for_listener("127.0.0.1", free_port(), milliseconds(300)));
  EXPECT_FALSE(wait_for_listener("no-such-host.invalid", 1, milliseconds(0)));
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(20'000));
}

TEST(Addresses, AStopEndsTheWait) {
  StopSource source;
  source.request_stop();
  EXPECT_EQ(message_of(ErrorKind::kCancelled,
                       [&] {
                         wait_for_listener("127.0.0.1", free_port(), milliseconds(600'000),
                                           source.token());
                       }),
            "interrupted");
}

}  // namespace
}  // namespace sbert
