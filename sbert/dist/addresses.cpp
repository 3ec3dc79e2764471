#include "sbert/dist/addresses.h"

#include <algorithm>
#include <cerrno>
#include <thread>

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/dist/socket.h"

namespace sbert {
namespace {

using Clock = std::chrono::steady_clock;

bool listens(const addrinfo& address, std::chrono::milliseconds timeout) {
  const Socket socket = open_socket(address, SOCK_NONBLOCK);
  if (socket.number() < 0) return false;
  if (::connect(socket.number(), address.ai_addr, address.ai_addrlen) == 0) return true;
  if (errno != EINPROGRESS) return false;
  pollfd polled{socket.number(), POLLOUT, 0};
  if (::poll(&polled, 1, static_cast<int>(timeout.count())) <= 0) return false;
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(socket.number(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

}  // namespace

std::string own_address(const std::string& host) {
  constexpr int kAnyPort = 9;
  const Addresses found = addresses_of(host, kAnyPort, SOCK_DGRAM);
  if (!found) fail(ErrorKind::kIo, concat("unknown host: ", host));
  for (const addrinfo* each = found.get(); each != nullptr; each = each->ai_next) {
    const Socket socket = open_socket(*each);
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    char text[INET6_ADDRSTRLEN] = {};
    // Connecting a datagram socket sends nothing; it only looks up the route.
    if (socket.number() >= 0 && ::connect(socket.number(), each->ai_addr, each->ai_addrlen) == 0 &&
        ::getsockname(socket.number(), reinterpret_cast<sockaddr*>(&own), &size) == 0 &&
        ::getnameinfo(reinterpret_cast<sockaddr*>(&own), size, text, sizeof text, nullptr, 0,
                      NI_NUMERICHOST) == 0) {
      return text;
    }
  }
  fail(ErrorKind::kIo, concat("no route to ", host));
}

bool wait_for_listener(const std::string& host,
                       int port,
                       std::chrono::milliseconds timeout,
                       const StopToken& stop) {
  constexpr std::chrono::milliseconds kPause{100};
  constexpr std::chrono::milliseconds kLongestAttempt{2'000};
  const Clock::time_point end = Clock::now() + timeout;
  while (true) {
    stop.throw_if_stopped();
    const Addresses found = addresses_of(host, port, SOCK_STREAM);
    for (const addrinfo* each = found.get(); each != nullptr; each = each->ai_next) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
      if (listens(*each, std::clamp(left, std::chrono::milliseconds(1), kLongestAttempt))) {
        return true;
      }
    }
    if (Clock::now() + kPause >= end) return false;
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace sbert
