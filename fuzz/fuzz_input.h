#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sbert/base/error.h"

namespace sbert {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Runs `work`. An Error about the input is what a parser should throw; any other exception, also
/// an Error that says that an internal invariant does not hold, ends the program and so is a
/// finding.
template <typename Work>
void expect_errors_only(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInternal) throw;
  }
}

}  // namespace sbert
