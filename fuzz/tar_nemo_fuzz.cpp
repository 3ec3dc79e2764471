// A .nemo archive: the tar, its configuration, and the zips of its weights.

#include <string>

#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/fuzz_input.h"
#include "sbert/base/concat.h"
#include "sbert/base/files.h"
#include "sbert/checkpoint/nemo_config.h"
#include "sbert/checkpoint/tar_archive.h"
#include "sbert/checkpoint/torch_zip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A file in memory: the reader maps what it is given by name.
  static const int descriptor = ::memfd_create("nemo", 0);
  if (::ftruncate(descriptor, 0) != 0) return 0;
  if (::pwrite(descriptor, data, size, 0) != static_cast<ssize_t>(size)) return 0;
  sbert::expect_errors_only([&] {
    const sbert::TarArchive archive(sbert::concat("/proc/self/fd/", descriptor));
    for (const auto& [name, bytes] : archive.members()) {
      sbert::expect_errors_only([&, &text = bytes] { sbert::parse_nemo_config(text); });
      sbert::expect_errors_only([&, &zip = bytes] { sbert::read_torch_zip(zip, {}); });
      sbert::expect_errors_only([&, &zip = bytes] { sbert::read_torch_zip_tensor(zip, {}); });
    }
  });
  return 0;
}
