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

// Asked for by name: a libtorch that lacks it shall not keep this program from saying so.
std::string loaded_version() {
  const auto function =
      reinterpret_cast<std::uint64_t (*)()>(::dlsym(RTLD_DEFAULT, "aoti_torch_abi_version"));
  return function == nullptr ? "an unknown version" : version_text(function());
}

std::string loaded_file() {
  Dl_info info{};
  const bool is_found = ::dladdr(reinterpret_cast<void*>(&at::show_config), &info) != 0;
  return is_found && info.dli_fname != nullptr ? info.dli_fname : "an unknown file";
}

}  // namespace

std::string compiled_torch_version() {
  return version_text(TORCH_ABI_VERSION);
}

void check_loaded_torch() {
  const std::string loaded = loaded_version();
  if (loaded == compiled_torch_version()) return;
  fail(ErrorKind::kUsage, concat("sbert-torch was built with libtorch ", compiled_torch_version(),
                                 ", but ", loaded, " was loaded: ", loaded_file(),
                                 "; is LD_LIBRARY_PATH or LD_PRELOAD set for another one?"));
}

}  // namespace sbert
