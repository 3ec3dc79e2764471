#include "sbert/cli/core_backend.h"

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "sbert/base/concat.h"
#include "sbert/base/gpu_driver.h"
#include "sbert/base/log.h"
#include "sbert/cli/cpu_models.h"
#include "sbert/cli/torch_program.h"
#include "sbert/config/interpolation.h"
#include "sbert/config/membership.h"

namespace sbert {
namespace {

// What of the options needs sbert-torch; nullopt if nothing does.
std::optional<std::string> need_of(const EncodingOptions& options) {
  if (options.devices > 1) return concat("--devices ", options.devices);
  if (options.names_gpu()) return concat("--device ", options.device);
  if (!options.looks_for_launcher()) return std::nullopt;
  if (const auto membership = find_membership(process_environment)) {
    return concat("work that is shared by ", membership->size, " processes of a launcher");
  }
  return std::nullopt;
}

bool is_gpu_usable() {
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  const bool are_hidden = visible != nullptr && (*visible == '\0' || visible[0] == '-');
  return !are_hidden && GpuDriver::instance() != nullptr &&
         GpuDriver::instance()->num_devices() > 0;
}

}  // namespace

std::string CoreBackend::version() const {
  return concat("sbert ", kVersion);
}

void CoreBackend::run(const EncodingOptions& options, const std::function<void(Models&)>& work) {
  options.validate();
  if (const auto need = need_of(options)) become_torch_program(argv_, *need);
  if (options.takes_any_gpu() && is_gpu_usable()) {
    if (is_torch_program_installed()) become_torch_program(argv_, "the GPU");
    log_info(concat("computing on the CPU: the GPU needs sbert-torch, which is not installed: ",
                    torch_program().native(), " (--device cpu leaves this note out)"));
  }
  CpuModels models(options);
  work(models);
}

void CoreBackend::train(const Arguments&) {
  become_torch_program(argv_, "sbert train");
}

}  // namespace sbert
