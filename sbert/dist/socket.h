#pragma once

#include <memory>
#include <string>
#include <utility>

#include <netdb.h>
#include <unistd.h>

namespace sbert {

/// A file descriptor of the kernel that is closed with its owner; -1: none.
class Socket {
 public:
  explicit Socket(int number = -1) : number_(number) {}
  ~Socket() {
    if (number_ >= 0) ::close(number_);
  }
  Socket(Socket&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  int number() const { return number_; }

 private:
  int number_;
};

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

/// The addresses of a host. Null if it is unknown.
/// @param type SOCK_STREAM or SOCK_DGRAM
Addresses addresses_of(const std::string& host, int port, int type);

/// A socket for such an address, which programs that are started do not inherit.
/// @param flags SOCK_NONBLOCK or 0
Socket open_socket(const addrinfo& address, int flags = 0);

}  // namespace sbert
