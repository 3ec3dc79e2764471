#include "sbert/base/option_checks.h"

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {

void check_at_least(std::string_view key, std::int64_t value, std::int64_t least) {
  if (value < least) {
    fail(ErrorKind::kUsage, concat(key, " must be at least ", least, ": ", value));
  }
}

void check_in_range(std::string_view key, double value, double least, double below) {
  if (!(value >= least && value < below)) {
    fail(ErrorKind::kUsage, concat(key, " must be from ", least, " to below ", below, ": ", value));
  }
}

void check_one_of(std::string_view key,
                  const std::string& value,
                  std::initializer_list<const char*> known) {
  std::string list;
  for (const char* each : known) {
    if (value == each) return;
    list += concat(list.empty() ? "" : ", ", each);
  }
  fail(ErrorKind::kUsage, concat(key, " must be one of ", list, ": ", value));
}

}  // namespace sbert
