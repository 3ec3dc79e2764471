#include "sbert/track/wandb_logger.h"

#include <chrono>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/base/log.h"

namespace sbert {
namespace {

constexpr std::chrono::minutes kLongestSync{1};

std::filesystem::path save_dir_of(const std::filesystem::path& folder,
                                  const WandbOptions& options) {
  return options.save_dir ? std::filesystem::path(*options.save_dir) : folder;
}

// Why a run cannot be sent while it grows; empty if it can.
std::string_view obstacle(const WandbEnvironment& environment) {
  if (environment.program.empty()) {
    return "wandb-core of wandb 0.31 is neither in PATH nor named by SBERT_WANDB_CORE";
  }
  if (environment.api_key.empty()) return "neither WANDB_API_KEY nor ~/.netrc has an API key";
  return {};
}

}  // namespace

// Remembers the id beside the run's other files, and finds it there when training goes on.
WandbLogger::RunId WandbLogger::find_id(const std::filesystem::path& folder,
                                        const WandbOptions& options,
                                        std::int64_t step) {
  const std::filesystem::path file = folder / "wandb_run_id";
  if (!options.id && step > 0 && std::filesystem::exists(file)) {
    std::string id = read_file(file, 1 << 10);
    if (id.ends_with('\n')) id.pop_back();
    if (is_wandb_run_id(id)) return {std::move(id)};
  }
  RunId run_id{.id = options.id ? *options.id : new_wandb_run_id(), .is_new = !options.id};
  write_file_atomically(file, run_id.id + '\n');
  return run_id;
}

WandbLogger::WandbLogger(const std::filesystem::path& folder,
                         const WandbOptions& options,
                         const WandbEnvironment& environment,
                         std::string_view config,
                         std::int64_t step)
    : id_(find_id(folder, options, step)),
      run_(options, save_dir_of(folder, options), id_.id, id_.is_new, config) {
  begin_sync(options, environment);
}

void WandbLogger::begin_sync(const WandbOptions& options, const WandbEnvironment& environment) {
  const std::string later = concat("; to send it: ", wandb_sync_command(run_.log_path()));
  const std::string_view why = obstacle(environment);
  const bool is_asked_for = environment.mode == "online" || options.offline == false;
  if (options.offline == true || environment.mode == "offline" || (!is_asked_for && !why.empty())) {
    log_info(concat("Weights & Biases: run ", id_.id, " is written to disk", later));
  } else if (!why.empty()) {
    log_warning(
        concat("Weights & Biases: run ", id_.id, " is only written to disk, since ", why, later));
  } else {
    try {
      sync_.emplace(environment, run_.past().unsent, run_.log_path());
      log_info(concat("Weights & Biases: run ", id_.id, " is sent to ", environment.base_url));
    } catch (const Error& error) {
      log_warning(concat("Weights & Biases: run ", id_.id,
                         " is only written to disk: ", error.what(), later));
    }
  }
}

void WandbLogger::finish(int exit_code, const StopToken& stop) {
  run_.finish(exit_code, stop);
  if (sync_) sync_->finish(kLongestSync, stop);
}

}  // namespace sbert
