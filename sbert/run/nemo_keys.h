#pragma once

#include <string_view>
#include <vector>

namespace sbert {

/// A key of NeMo's configuration that has no effect here, and why.
struct IgnoredKey {
  std::string_view key;
  std::string_view reason;
};

/// The keys that a NeMo user may set without an error.
const std::vector<IgnoredKey>& ignored_nemo_keys();

}  // namespace sbert
