#include "sbert/cli/torch/torch_backend.h"

#include <memory>
#include <optional>

#include <c10/core/Device.h>
#include <c10/util/Exception.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/log.h"
#include "sbert/cli/cpu_models.h"
#include "sbert/cli/torch/gpu_models.h"
#include "sbert/cli/torch/shared_models.h"
#include "sbert/cli/torch/torch_version.h"
#include "sbert/cli/torch/train.h"
#include "sbert/cli/torch_program.h"
#include "sbert/config/interpolation.h"
#include "sbert/config/membership.h"
#include "sbert/dist/launcher.h"
#include "sbert/dist/process_group.h"
#include "sbert/nn/device.h"

namespace sbert {
namespace {

constexpr int kTimeoutSeconds = 1'800;

// Where no setting is known to lower.
template <typename Work>
void with_device_errors(Work&& work) {
  try {
    work();
  } catch (const c10::OutOfMemoryError& error) {
    fail(ErrorKind::kIo, concat("out of memory on the device: ", error.what_without_backtrace()));
  }
}

c10::Device device_of(const EncodingOptions& options, int local_rank) {
  if (options.precision == EncodingPrecision::kInt8) return c10::kCPU;
  return within("--device", [&] { return choose_device(options.device, local_rank); });
}

std::unique_ptr<Models> models_on(const c10::Device& device, const EncodingOptions& options) {
  if (device.is_cpu()) return std::make_unique<CpuModels>(options);
  return std::make_unique<GpuModels>(options, device);
}

void run_with_others(const Membership& membership,
                     const EncodingOptions& options,
                     const std::function<void(Models&)>& work) {
  if (options.devices != 1 && options.devices != membership.size) {
    fail(ErrorKind::kUsage, concat("--devices must be the number of processes that were started, ",
                                   membership.size, ": ", options.devices));
  }
  if (membership.rank > 0) set_quiet(true);
  const c10::Device device = device_of(options, membership.local_rank);
  const std::unique_ptr<ProcessGroup> group =
      connect(membership, device, kTimeoutSeconds, signal_stop_token());
  run_collective(*group, [&] {
    with_device_errors([&] {
      const std::unique_ptr<Models> models = models_on(device, options);
      if (group->is_leader()) {
        lead(*models, *group, work);
      } else {
        follow(*models, *group);
      }
    });
  });
}

}  // namespace

std::string TorchBackend::version() const {
  return concat("sbert-torch ", kVersion, " (libtorch ", compiled_torch_version(), ")");
}

void TorchBackend::check_installation() {
  check_version_of_starter();
  check_loaded_torch();
}

void TorchBackend::run(const EncodingOptions& options, const std::function<void(Models&)>& work) {
  options.validate();
  const auto membership = options.looks_for_launcher() ? find_membership(process_environment)
                                                       : std::optional<Membership>();
  if (membership) {
    run_with_others(*membership, options, work);
  } else if (options.devices > 1) {
    run_local_processes(options.devices, words_, signal_stop_token());
  } else {
    with_device_errors([&] { work(*models_on(device_of(options, 0), options)); });
  }
}

void TorchBackend::train(const Arguments& arguments) {
  with_device_errors([&] { run_train(arguments, words_); });
}

}  // namespace sbert
