// A safetensors file: header, layout, and that every tensor can be read to its last byte.

#include <ATen/ATen.h>

#include "fuzz/fuzz_input.h"
#include "sbert/checkpoint/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sbert::expect_errors_only([&] {
    for (const sbert::NamedTensor& each :
         sbert::parse_safetensors(sbert::text_of(data, size), {}).tensors) {
      const auto* bytes = static_cast<const unsigned char*>(each.tensor.const_data_ptr());
      unsigned sum = 0;
      for (std::size_t i = 0; i < each.tensor.nbytes(); ++i)
        sum += bytes[i];
      volatile unsigned sink = sum;  // so that the reading is not optimized away
      static_cast<void>(sink);
    }
  });
  return 0;
}
