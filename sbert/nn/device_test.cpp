#include "sbert/nn/device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <c10/core/Device.h>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

TEST(Device, TheCpuIsAlwaysThere) {
  EXPECT_TRUE(choose_device("cpu").is_cpu());
  EXPECT_THAT(device_text(choose_device("cpu")), HasSubstr("threads"));
}

TEST(Device, AnUnknownWordIsRefused) {
  for (const char* word : {"tpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1x", ""}) {
    EXPECT_THAT(message_of(ErrorKind::kUsage, [&] { choose_device(word); }),
                HasSubstr("auto, cpu, cuda or cuda:N"))
        << word;
  }
}

// No machine has a thousand GPUs, so this holds on those with a GPU, too.
TEST(Device, AMissingGpuSaysWhatWasLookedForAndFound) {
  const std::string message = message_of(ErrorKind::kUsage, [] { choose_device("cuda:999"); });
  EXPECT_THAT(message, HasSubstr("cuda:999"));
  EXPECT_THAT(message,
              AnyOf(HasSubstr("libcuda.so.1"), HasSubstr("the driver shows"), HasSubstr("cuInit")));
}

TEST(Device, AutoNeverFails) {
  EXPECT_NO_THROW(choose_device("auto"));
}

}  // namespace
}  // namespace sbert
