#include "sbert/cli/torch/torch_version.h"

#include <cstdint>

#include <dlfcn.h>

#include <ATen/Version.h>
#include <torch/headeronly/version.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

// Of a number as TORCH_ABI_VERSION: a byte each for major, minor and patch, then the rest.
std::string version_text(std::uint64_t version) {
  const auto byte = [&](int place) { return (version >> (8 * place)) & 0xFF; };
  return concat(byte(7), ".", byte(6), ".", byte(5));
}

// The file that a function or a variable is of.
std::string file_of(const void* address) {
  Dl_info info{};
  const bool is_found = ::dladdr(address, &info) != 0 && info.dli_fname != nullptr;
  return is_found ? info.dli_fname : "an unknown file";
}

}  // namespace

std::string compiled_torch_version() {
  return version_text(TORCH_ABI_VERSION);
}

void check_loaded_torch() {
  // Asked for by name: a libtorch that lacks the function shall not keep this one from saying so.
  void* symbol = ::dlsym(RTLD_DEFAULT, "aoti_torch_abi_version");
  const auto loaded = reinterpret_cast<std::uint64_t (*)()>(symbol);
  if (loaded != nullptr && version_text(loaded()) == compiled_torch_version()) return;
  fail(ErrorKind::kUsage,
       concat("sbert-torch was built with libtorch ", compiled_torch_version(), ", but ",
              loaded == nullptr ? "a much older one" : version_text(loaded()), " was loaded: ",
              file_of(loaded == nullptr ? reinterpret_cast<void*>(&at::show_config) : symbol),
              "; is LD_LIBRARY_PATH or LD_PRELOAD set for another one?"));
}

}  // namespace sbert
