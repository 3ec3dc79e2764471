#include "sbert/run/start_report.h"

#include "sbert/base/concat.h"
#include "sbert/base/progress.h"

namespace sbert {

std::string batch_text(const ModelOptions& options) {
  std::string text = concat("batches of ", with_thousands(options.global_batch_size), " questions");
  if (options.micro_batch_size < options.global_batch_size) {
    text += concat(", in micro batches of ", with_thousands(options.micro_batch_size));
  }
  return concat(text, "; loss ", enum_name(options.loss.name), ", at most ",
                options.data.hard_negatives_to_train, " hard negatives each; texts of at most ",
                with_thousands(options.encoder_seq_length), " tokens");
}

std::string schedule_text(const RunPlan& plan, double lr) {
  const ScheduleOptions& schedule = plan.schedule;
  const std::int64_t warmup = schedule.num_warmup_steps(plan.schedule_steps);
  std::string text = concat("learning rate ", lr, ", ", schedule.name, ": ", with_thousands(warmup),
                            " updates of warm-up");
  if (schedule.constant_steps > 0) {
    text += concat(", at the end ", with_thousands(schedule.constant_steps), " at the lowest");
  }
  const bool falls = schedule.name != "constant" && schedule.name != "WarmupHold";
  return falls ? concat(text, ", down to ", schedule.min_lr) : text;
}

}  // namespace sbert
