#pragma once

#include <string>

#include <c10/util/Exception.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {

/// Runs `work`; if the device has no memory left for it, throws Error(kUsage) that says so with
/// `advice`: what took it, and which setting to lower.
template <typename Work>
auto with_memory_advice(const std::string& advice, Work&& work) {
  try {
    return work();
  } catch (const c10::OutOfMemoryError& error) {
    fail(ErrorKind::kUsage,
         concat("out of memory on the device, ", advice, ": ", error.what_without_backtrace()));
  }
}

}  // namespace sbert
