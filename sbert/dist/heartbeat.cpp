#include "sbert/dist/heartbeat.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

using Clock = std::chrono::steady_clock;

int port_of(const sockaddr_storage& address) {
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                   : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

// What is known of a heartbeat.
struct Sight {
  Socket socket;
  bool is_connected = false;
  bool is_out = false;
};

// The other end of a connection that was made at the moment the heartbeat went out may never have
// come to be, of which the kernel says nothing until it asks: every second.
void keep_asking(int socket) {
  constexpr int kYes = 1;
  constexpr int kSecond = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &kYes, sizeof kYes);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &kSecond, sizeof kSecond);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &kSecond, sizeof kSecond);
}

Sight begin_looking(const HeartbeatPlace& place) {
  Sight sight;
  const Addresses found = place.port > 0 ? addresses_of(place.address, place.port, SOCK_STREAM)
                                         : Addresses(nullptr, {});
  sight.is_out = !found;
  if (!found) return sight;
  sight.socket = open_socket(*found, SOCK_NONBLOCK);
  if (sight.socket.number() < 0) {
    sight.is_connected = true;  // no more files may be opened: nothing is known against it
    return sight;
  }
  keep_asking(sight.socket.number());
  if (::connect(sight.socket.number(), found->ai_addr, found->ai_addrlen) != 0) {
    sight.is_out = errno != EINPROGRESS;
  }
  return sight;
}

// The kernel ends the connection when it closes the heartbeat's socket.
void take_note(short events, Sight& sight) {
  if ((events & (POLLERR | POLLHUP | POLLRDHUP)) != 0) {
    sight.is_out = true;
  } else if ((events & POLLOUT) != 0) {
    sight.is_connected = true;
  }
}

pollfd awaited(const Sight& sight) {
  const auto events = static_cast<short>(sight.is_connected ? POLLRDHUP : POLLOUT | POLLRDHUP);
  return {sight.is_out ? -1 : sight.socket.number(), events, 0};
}

}  // namespace

Heartbeat::Heartbeat(const std::string& address) : place_{.address = address} {
  constexpr int kAnyPort = 0;
  const Addresses found = addresses_of(address, kAnyPort, SOCK_STREAM);
  if (!found) fail(ErrorKind::kIo, concat("unknown address: ", address));
  socket_ = open_socket(*found);
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  const bool is_lit =
      socket_.number() >= 0 && ::bind(socket_.number(), found->ai_addr, found->ai_addrlen) == 0 &&
      ::listen(socket_.number(), SOMAXCONN) == 0 &&
      ::getsockname(socket_.number(), reinterpret_cast<sockaddr*>(&own), &size) == 0;
  if (!is_lit) {
    fail(ErrorKind::kIo, concat("cannot listen at ", address, ": ", std::strerror(errno)));
  }
  place_.port = port_of(own);
}

std::vector<bool> find_stopped_heartbeats(const std::vector<HeartbeatPlace>& places,
                                          std::chrono::milliseconds time) {
  const Clock::time_point end = Clock::now() + time;
  std::vector<Sight> sights;
  for (const HeartbeatPlace& place : places)
    sights.push_back(begin_looking(place));
  while (!std::ranges::all_of(sights, &Sight::is_out)) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    if (left.count() <= 0) break;
    std::vector<pollfd> polled;
    std::ranges::transform(sights, std::back_inserter(polled), awaited);
    if (::poll(polled.data(), polled.size(), static_cast<int>(left.count())) <= 0) continue;
    for (std::size_t i = 0; i < sights.size(); ++i)
      take_note(polled[i].revents, sights[i]);
  }
  std::vector<bool> out;
  for (const Sight& each : sights)
    out.push_back(each.is_out || !each.is_connected);
  return out;
}

}  // namespace sbert
