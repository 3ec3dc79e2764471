#include "sbert/checkpoint/name_lists.h"

#include <algorithm>

#include "sbert/base/concat.h"
#include "sbert/base/log.h"

namespace sbert {
namespace {

constexpr std::size_t kMaxNames = 20;

}  // namespace

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kMaxNames; ++i)
    text += concat(i == 0 ? "" : ", ", names[i]);
  if (names.size() <= kMaxNames) return text;
  return concat(text, " and ", names.size() - kMaxNames, " more");
}

void log_ignored(const Weights& ignored) {
  std::vector<std::string> names;
  for (const Weight& each : ignored) {
    // The pooler of an archive that was written by this program.
    const bool is_zero = std::ranges::all_of(each.bytes, [](char byte) { return byte == 0; });
    if (!is_zero) names.push_back(each.name);
  }
  if (names.empty()) return;
  log_info(concat("left out, since embeddings do not need them: ", joined(names)));
}

}  // namespace sbert
