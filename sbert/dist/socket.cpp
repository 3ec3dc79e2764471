#include "sbert/dist/socket.h"

#include <sys/socket.h>

#include "sbert/base/concat.h"

namespace sbert {

Addresses addresses_of(const std::string& host, int port, int type) {
  addrinfo hints{};
  hints.ai_socktype = type;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), concat(port).c_str(), &hints, &found) != 0) found = nullptr;
  return {found, &::freeaddrinfo};
}

Socket open_socket(const addrinfo& address, int flags) {
  return Socket(::socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC | flags, 0));
}

}  // namespace sbert
