#include "sbert/run/trainer_options.h"

#include <algorithm>
#include <cmath>

#include <c10/core/Device.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/option_checks.h"
#include "sbert/eval/tasks.h"
#include "sbert/nn/device.h"

namespace sbert {
namespace {

// It would work without, slower than float32 and to no use.
void check_processor(std::string_view precision, ComputePrecision computed) {
  if (computed == ComputePrecision::kBFloat16 && !cpu_supports_bfloat16()) {
    fail(ErrorKind::kUsage,
         concat("trainer.precision: this processor has no instructions for bfloat16 matrices "
                "(AVX512-BF16 or AMX); use 32: ",
                precision));
  }
  if (computed == ComputePrecision::kFloat16 && !cpu_supports_float16()) {
    fail(ErrorKind::kUsage,
         concat("trainer.precision: this processor has no instructions for float16 matrices "
                "(AVX512-FP16 or AMX-FP16); use 32: ",
                precision));
  }
}

}  // namespace

c10::Device TrainerOptions::device(int local_rank) const {
  const c10::Device device = within("trainer.accelerator", [&] {
    return choose_device(std::string(enum_name(accelerator)), local_rank);
  });
  const ComputePrecision computed = compute_precision(device);
  if (device.is_cpu()) {
    check_processor(enum_name(precision), computed);
  } else if (computed == ComputePrecision::kBFloat16 && !gpu_supports_bfloat16(device)) {
    fail(ErrorKind::kUsage,
         concat("trainer.precision: ", device_text(device),
                " has no bfloat16 matrices; use 16 or 32: ", enum_name(precision)));
  }
  return device;
}

ComputePrecision TrainerOptions::compute_precision(const c10::Device& device) const {
  switch (precision) {
    case TrainerPrecision::kBf16:
      return ComputePrecision::kBFloat16;
    case TrainerPrecision::k16:
      return ComputePrecision::kFloat16;
    case TrainerPrecision::k32:
      return ComputePrecision::kFloat32;
    case TrainerPrecision::kAuto:
      break;
  }
  return device.is_cuda() && gpu_supports_bfloat16(device) ? ComputePrecision::kBFloat16
                                                           : ComputePrecision::kFloat32;
}

void TrainerOptions::validate() const {
  check_in_range("trainer.devices", static_cast<double>(devices), 1, 1e4);
  check_in_range("trainer.num_nodes", static_cast<double>(num_nodes), 1, 1e5);
  check_in_range("trainer.process_timeout_s", static_cast<double>(process_timeout_s), 1, 1e6);
  check_at_least("trainer.max_epochs", max_epochs, -1);
  check_at_least("trainer.max_steps", max_steps, -1);
  if (max_steps == 0) fail(ErrorKind::kUsage, "trainer.max_steps must be at least 1, or -1: 0");
  if (max_steps < 0 && max_epochs < 0) {
    fail(ErrorKind::kUsage, "a run without an end: set trainer.max_steps or trainer.max_epochs");
  }
  check_at_least("trainer.log_every_n_steps", log_every_n_steps, 1);
  check_at_least("trainer.limit_val_batches", limit_val_batches, 1);
  check_in_range("trainer.gradient_clip_val", gradient_clip_val, 0, 1e9);
  validation_interval(1);
  for (std::size_t i = 0; i < evaluators.size(); ++i) {
    within(concat("trainer.evaluators[", i, "]"), [&] {
      find_task(evaluators[i].task);
      if (evaluators[i].data.empty()) fail(ErrorKind::kUsage, "required: data");
    });
  }
}

std::int64_t TrainerOptions::validation_interval(std::int64_t steps_per_epoch) const {
  constexpr const char* kKey = "trainer.val_check_interval";
  if (const auto* steps = std::get_if<std::int64_t>(&val_check_interval.value)) {
    check_at_least(kKey, *steps, 1);
    return *steps;
  }
  if (const auto* share = std::get_if<double>(&val_check_interval.value)) {
    if (!(*share > 0 && *share <= 1)) {
      fail(ErrorKind::kUsage,
           concat(kKey, " as a share of an epoch must be above 0 and at most 1: ", *share));
    }
    const double steps = std::floor(*share * static_cast<double>(steps_per_epoch));
    return std::max(std::int64_t{1}, static_cast<std::int64_t>(steps));
  }
  fail(ErrorKind::kUsage,
       concat(kKey, " must be a number of updates, or a share of an epoch such as 0.25: ",
              describe(val_check_interval)));
}

}  // namespace sbert
