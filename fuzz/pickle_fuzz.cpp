// The pickles of torch.save and of torch.distributed.checkpoint, without the zip around them, whose
// checksums would keep a fuzzer out, and the whole of the form before it.

#include "fuzz/fuzz_input.h"
#include "sbert/checkpoint/dist_metadata.h"
#include "sbert/checkpoint/pickled_state_dict.h"
#include "sbert/checkpoint/torch_legacy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = sbert::text_of(data, size);
  sbert::expect_errors_only([&] { sbert::read_pickled_state_dict(bytes); });
  sbert::expect_errors_only([&] { sbert::read_pickled_tensor(bytes); });
  sbert::expect_errors_only([&] { sbert::read_dist_metadata(bytes); });
  if (sbert::is_torch_legacy(bytes))
    sbert::expect_errors_only([&] { sbert::read_torch_legacy(bytes, {}); });
  return 0;
}
