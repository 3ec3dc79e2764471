// A safetensors file: header, layout, and that every tensor can be read to its last byte.

#include "fuzz/fuzz_input.h"
#include "sbert/checkpoint/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sbert::expect_errors_only([&] {
    for (const sbert::Weight& each :
         sbert::parse_safetensors(sbert::text_of(data, size), {}).tensors) {
      unsigned sum = 0;
      for (const char byte : each.bytes)
        sum += static_cast<unsigned char>(byte);
      volatile unsigned sink = sum;  // so that the reading is not optimized away
      static_cast<void>(sink);
    }
  });
  return 0;
}
