#include "sbert/run/negative_mining.h"

#include <iterator>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/log.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".negatives";

}  // namespace

NegativeMining::NegativeMining(const TrainingMiningOptions& options,
                               TrainingData& data,
                               fs::path folder,
                               std::string name,
                               ProcessGroup& group)
    : options_(options),
      data_(data),
      folder_(std::move(folder)),
      name_(std::move(name)),
      group_(group) {}

fs::path NegativeMining::path(std::int64_t refresh) const {
  return folder_ / concat(name_, "--step=", refresh, kSuffix);
}

void NegativeMining::resume(std::int64_t step) {
  const std::int64_t refresh = options_.last_refresh(step - 1);
  if (refresh >= 0) {
    const RefreshTask task = data_.refresh_task(refresh);
    data_.set_mined(std::make_shared<MinedNegatives>(
        load_mined_negatives(path(refresh), {.fingerprint = data_.fingerprint(),
                                             .step = refresh,
                                             .num_records = task.examples.size(),
                                             .num_documents = task.pool.size()})));
  }
  group_.any(false);  // none removes a file that another has yet to read
  keep_for(step);
}

Metrics NegativeMining::refresh(const TextEmbedder& embedder,
                                std::int64_t step,
                                Progress& progress,
                                const ComputeContext& context) {
  const RefreshTask task = data_.refresh_task(step);
  log_info(concat("mining negatives for ", with_thousands(std::ssize(task.records)),
                  " questions at step ", step));
  const auto on_progress = [&](std::int64_t done, std::int64_t total) {
    progress.set_note(
        concat("mining negatives: ", with_thousands(done), "/", with_thousands(total), " texts"));
    progress.advance(0);
  };
  const RefreshOutcome outcome = refresh_negatives(embedder, task, on_progress, context);
  const MinedNegatives& mined = outcome.negatives;
  if (group_.is_leader()) save_mined_negatives(path(step), mined, data_.fingerprint());
  const double num_questions = static_cast<double>(task.records.size());
  Metrics metrics{
      {"mining/changed", share_changed(mined, data_.mined().get())},
      {"mining/mean_margin", outcome.mean_margin},
      {"mining/negatives", static_cast<double>(mined.rows.size()) / num_questions},
  };
  data_.set_mined(std::make_shared<MinedNegatives>(mined));
  return metrics;
}

void NegativeMining::keep_for(std::int64_t step) const {
  if (!group_.is_leader()) return;
  const fs::path kept = path(options_.last_refresh(step - 1));
  std::error_code error;
  std::vector<fs::path> others;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    const std::string file = entry.path().filename().string();
    if (file.starts_with(name_ + "--step=") && file.ends_with(kSuffix) && entry.path() != kept) {
      others.push_back(entry.path());
    }
  }
  for (const fs::path& other : others) {
    if (!error) fs::remove(other, error);
  }
  if (error) fail(ErrorKind::kIo, concat(folder_, ": cannot remove: ", error.message()));
}

}  // namespace sbert
