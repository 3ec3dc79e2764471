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

// A count as it is, or a share of `whole`, at least 1.
std::int64_t count_or_share(const std::string& key,
                            std::string_view counted,
                            std::string_view shared,
                            const ConfigNode& value,
                            std::int64_t whole) {
  if (const auto* count = std::get_if<std::int64_t>(&value.value)) {
    check_at_least(key, *count, 1);
    return *count;
  }
  if (const auto* share = std::get_if<double>(&value.value)) {
    if (!(*share > 0 && *share <= 1)) {
      fail(ErrorKind::kUsage,
           concat(key, " as a share of ", shared, " must be above 0 and at most 1: ", *share));
    }
    const double count = std::floor(*share * static_cast<double>(whole));
    return std::max(std::int64_t{1}, static_cast<std::int64_t>(count));
  }
  fail(ErrorKind::kUsage, concat(key, " must be a number of ", counted, ", or a share of ", shared,
                                 " such as 0.25: ", describe(value)));
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
  if (max_epochs == 0) fail(ErrorKind::kUsage, "trainer.max_epochs must be at least 1, or -1: 0");
  if (max_steps == 0) fail(ErrorKind::kUsage, "trainer.max_steps must be at least 1, or -1: 0");
  if (max_steps < 0 && max_epochs < 0) {
    fail(ErrorKind::kUsage, "a run without an end: set trainer.max_steps or trainer.max_epochs");
  }
  check_at_least("trainer.log_every_n_steps", log_every_n_steps, 1);
  check_in_range("trainer.gradient_clip_val", gradient_clip_val, 0, 1e9);
  validation_interval(1);
  num_val_batches(1);
  for (std::size_t i = 0; i < evaluators.size(); ++i) {
    within(concat("trainer.evaluators[", i, "]"), [&] {
      find_task(evaluators[i].task);
      if (evaluators[i].data.empty()) fail(ErrorKind::kUsage, "required: data");
      const auto same = std::find_if(evaluators.begin(), evaluators.end(), [&](const auto& each) {
        return each.label() == evaluators[i].label();
      });
      if (same - evaluators.begin() == static_cast<std::ptrdiff_t>(i)) return;
      fail(ErrorKind::kUsage,
           concat("name must differ from those before: ", evaluators[i].label()));
    });
  }
}

std::int64_t TrainerOptions::validation_interval(std::int64_t steps_per_epoch) const {
  return count_or_share("trainer.val_check_interval", "updates", "an epoch", val_check_interval,
                        steps_per_epoch);
}

std::int64_t TrainerOptions::num_val_batches(std::int64_t batches) const {
  return count_or_share("trainer.limit_val_batches", "global batches", "the validation rows",
                        limit_val_batches, batches);
}

}  // namespace sbert
