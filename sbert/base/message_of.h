#pragma once

// For tests: the message of the Error that some work throws.

#include <string>

#include <gtest/gtest.h>

#include "sbert/base/error.h"

namespace sbert {

/// The message of the Error of this kind that `work` throws; fails the test if it throws none.
template <typename Work>
std::string message_of(ErrorKind kind, Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    EXPECT_EQ(exit_code(error.kind()), exit_code(kind)) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

}  // namespace sbert
