#include "sbert/base/error.h"

#include <utility>

#include "sbert/base/concat.h"

namespace sbert {

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
      return 2;
    case ErrorKind::kInput:
      return 3;
    case ErrorKind::kIo:
      return 4;
    case ErrorKind::kInternal:
      return 70;
    case ErrorKind::kCancelled:
      return 130;
  }
  return 70;
}

Error::Error(ErrorKind kind, std::string message, std::source_location where)
    : kind_(kind), message_(std::move(message)), where_(where) {}

void Error::within(std::string_view context) {
  message_ = concat(context, ": ", message_);
}

void fail(ErrorKind kind, std::string message, std::source_location where) {
  throw Error(kind, std::move(message), where);
}

}  // namespace sbert
