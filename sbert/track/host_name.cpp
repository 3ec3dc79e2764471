#include "sbert/track/host_name.h"

#include <climits>

#include <unistd.h>

namespace sbert {

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  if (::gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "localhost";
  std::string text(name);
  for (char& c : text) {
    if (c == '/') c = '-';
  }
  return text;
}

}  // namespace sbert
