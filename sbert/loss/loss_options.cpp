#include "sbert/loss/loss_options.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/option_checks.h"

namespace sbert {
namespace {

[[noreturn]] void refuse(std::string_view key, const std::string& message) {
  fail(ErrorKind::kUsage, concat("model.loss.", key, message));
}

void positive(std::string_view key, double value) {
  if (!(value > 0 && std::isfinite(value))) refuse(key, concat(" must be above 0: ", value));
}

void not_negative(std::string_view key, double value) {
  if (!(value >= 0 && std::isfinite(value))) refuse(key, concat(" must not be below 0: ", value));
}

// What is set though the named loss does not have it would be ignored silently.
void refuse_options_of_other_losses(const LossOptions& options) {
  const LossOptions defaults;
  struct Option {
    std::string_view key;
    LossKind loss;
    bool is_set;
  };
  const Option all[] = {
      {"learn_temperature", LossKind::kContrastive, options.learn_temperature},
      {"in_batch_negatives", LossKind::kContrastive, !options.in_batch_negatives},
      {"share_hard_negatives", LossKind::kContrastive, options.share_hard_negatives},
      {"symmetric", LossKind::kContrastive, options.symmetric},
      {"clamp", LossKind::kContrastive, options.clamp},
      {"mask_known_positives", LossKind::kContrastive, !options.mask_known_positives},
      {"mask_same_text", LossKind::kContrastive, options.mask_same_text},
      {"mask_same_id", LossKind::kContrastive, options.mask_same_id},
      {"false_negative_margin", LossKind::kContrastive, options.false_negative_margin.has_value()},
      {"memory_size", LossKind::kContrastive, options.memory_size != 0},
      {"memory_start_step", LossKind::kContrastive, options.memory_start_step != 0},
      {"num_labels", LossKind::kSoftmax, options.num_labels != defaults.num_labels},
      {"triplet_margin", LossKind::kTriplet, options.triplet_margin != defaults.triplet_margin},
      {"triplet_distance", LossKind::kTriplet,
       options.triplet_distance != defaults.triplet_distance},
      {"teacher_temperature", LossKind::kDistillKl,
       options.teacher_temperature != defaults.teacher_temperature},
  };
  for (const Option& option : all) {
    if (option.is_set && option.loss != options.name) {
      refuse(option.key, concat(" needs model.loss.name=", enum_name(option.loss), ": the loss is ",
                                enum_name(options.name)));
    }
  }
}

void validate_matryoshka(const LossOptions& options) {
  const std::vector<std::int64_t>& dims = options.matryoshka_dims;
  for (auto dim = dims.begin(); dim != dims.end(); ++dim) {
    if (*dim < 1) refuse("matryoshka_dims", concat(" must be at least 1: ", *dim));
    if (std::find(dims.begin(), dim, *dim) != dim) {
      refuse("matryoshka_dims", concat(" must differ: ", *dim));
    }
  }
  const std::vector<double>& weights = options.matryoshka_weights;
  if (!weights.empty() && weights.size() != dims.size()) {
    refuse("matryoshka_weights", concat(" must have one value for each of matryoshka_dims (",
                                        dims.size(), "): ", weights.size()));
  }
  for (const double weight : weights)
    not_negative("matryoshka_weights", weight);
}

}  // namespace

bool LossOptions::needs_negatives() const {
  switch (name) {
    case LossKind::kContrastive:
      return !in_batch_negatives;
    case LossKind::kTriplet:
    case LossKind::kMarginMse:
    case LossKind::kDistillKl:
      return true;
    case LossKind::kSoftmax:
    case LossKind::kCosine:
    case LossKind::kCosent:
    case LossKind::kAngle:
      return false;
  }
  return false;
}

void LossOptions::validate() const {
  refuse_options_of_other_losses(*this);
  if (!(temperature > 0 && std::isfinite(temperature))) {
    fail(ErrorKind::kUsage, concat("model.softmax_temp must be above 0: ", temperature));
  }
  check_in_range("model.label_smoothing", label_smoothing, 0, 1);
  if (label_smoothing != 0 && name != LossKind::kContrastive) {
    fail(ErrorKind::kUsage,
         concat("model.label_smoothing needs model.loss.name=contrastive: the loss is ",
                enum_name(name)));
  }
  if (false_negative_margin && std::isinf(*false_negative_margin)) {
    refuse("false_negative_margin", concat(" must be finite: ", *false_negative_margin));
  }
  if (!in_batch_negatives && share_hard_negatives) {
    refuse("share_hard_negatives", " needs model.loss.in_batch_negatives=true");
  }
  if (!in_batch_negatives && symmetric) {
    refuse("symmetric", " needs model.loss.in_batch_negatives=true");
  }
  check_at_least("model.loss.memory_size", memory_size, 0);
  check_at_least("model.loss.memory_start_step", memory_start_step, 0);
  if (!in_batch_negatives && memory_size > 0) {
    refuse("memory_size", " needs model.loss.in_batch_negatives=true");
  }
  if (memory_start_step > 0 && memory_size == 0) {
    refuse("memory_start_step", " needs model.loss.memory_size");
  }
  if (num_labels < 2) refuse("num_labels", concat(" must be at least 2: ", num_labels));
  not_negative("triplet_margin", triplet_margin);
  positive("teacher_temperature", teacher_temperature);
  validate_matryoshka(*this);
}

}  // namespace sbert
