#include "sbert/track/wandb_run.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <random>
#include <utility>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/track/host_name.h"
#include "sbert/track/protobuf.h"
#include "sbert/track/wandb_fields.h"

namespace sbert {
namespace {

using namespace wandb_field;  // NOLINT(google-build-using-namespace): it holds names of fields
                              // alone

constexpr std::string_view kStepMetric = "trainer/global_step";  // as Lightning's logger names it

double unix_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string local_time(std::int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  localtime_r(&time, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y%m%d_%H%M%S", &parts)};
}

// Weights & Biases reads these three words besides JSON's numbers.
std::string json_number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return concat(value);
}

ProtobufWriter nested_item(std::string_view key, std::string_view json) {
  return ProtobufWriter().add_bytes(kItemNestedKey, key).add_bytes(kItemValueJson, json);
}

void add_if_given(ProtobufWriter& message, int field, const std::optional<std::string>& value) {
  if (value && !value->empty()) message.add_bytes(field, *value);
}

ProtobufWriter config_record(std::string_view config) {
  const auto object = nlohmann::ordered_json::parse(config, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) fail(ErrorKind::kInternal, "the configuration is no JSON object");
  ProtobufWriter record;
  for (const auto& [key, value] : object.items()) {
    record.add_message(
        kConfigUpdate,
        ProtobufWriter().add_bytes(kItemKey, key).add_bytes(kItemValueJson, value.dump()));
  }
  return record;
}

}  // namespace

// What the service itself refuses.
void WandbOptions::validate() const {
  constexpr std::size_t kMostCharacters = 128;
  if (project && (project->size() > kMostCharacters ||
                  project->find_first_of("/\\#?%:") != std::string::npos)) {
    fail(ErrorKind::kUsage,
         concat("project must have at most ", kMostCharacters,
                " characters and none of / \\ # ? % : (a team is entity): ", *project));
  }
  for (const std::string& tag : tags) {
    constexpr std::size_t kMostOfTag = 64;
    if (!tag.empty() && tag.size() <= kMostOfTag) continue;
    fail(ErrorKind::kUsage, concat("tags must have 1 to ", kMostOfTag, " characters each: ", tag));
  }
  if (id && !is_wandb_run_id(*id)) {
    fail(ErrorKind::kUsage,
         concat("id must be 1 to 128 letters, digits, '-', '_' or '.', not '.' first: ", *id));
  }
}

std::string new_wandb_run_id() {
  constexpr std::string_view kCharacters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::random_device device;
  std::uniform_int_distribution<std::size_t> pick(0, kCharacters.size() - 1);
  std::string id;
  for (int i = 0; i < 8; ++i)
    id += kCharacters[pick(device)];
  return id;
}

bool is_wandb_run_id(std::string_view id) {
  if (id.empty() || id.size() > 128 || id.front() == '.') return false;
  for (const char c : id) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool is_digit = c >= '0' && c <= '9';
    if (!is_letter && !is_digit && c != '-' && c != '_' && c != '.') return false;
  }
  return true;
}

WandbRun::WandbRun(const WandbOptions& options,
                   const std::filesystem::path& save_dir,
                   const std::string& id,
                   bool is_new_id,
                   std::string_view config)
    : id_(id), start_(begin(save_dir, id)), log_(start_.log_path), row_(start_.past.num_rows) {
  write_run(options, is_new_id, config);
}

WandbRun::Start WandbRun::begin(const std::filesystem::path& save_dir, const std::string& id) {
  const std::filesystem::path root = save_dir / "wandb";
  make_folder(root);
  const WandbPast past = read_wandb_past(root, id);
  // `wandb sync` takes the folders of a run in the order of their start.
  auto seconds = std::max(static_cast<std::int64_t>(unix_seconds()), past.last_start + 1);
  std::filesystem::path folder;
  std::error_code error;
  for (;; ++seconds) {
    folder = root / concat("offline-run-", local_time(seconds), "-", id);
    if (std::filesystem::create_directory(folder, error)) break;
    if (error) fail(ErrorKind::kIo, concat(folder, ": cannot create: ", error.message()));
  }
  make_folder(folder / "files");
  make_folder(folder / "logs");
  return {folder / concat("run-", id, ".wandb"), seconds, past};
}

void WandbRun::write(int field, const ProtobufWriter& content) {
  log_.append(ProtobufWriter()
                  .add_integer(kRecordNum, ++num_records_)
                  .add_message(field, content)
                  .add_message(kRecordInfo, ProtobufWriter().add_bytes(kInfoStreamId, id_))
                  .bytes());
}

void WandbRun::write_run(const WandbOptions& options, bool is_new_id, std::string_view config) {
  const auto version = ProtobufWriter()
                           .add_bytes(kVersionProducer, "0.31.0+sbert")
                           .add_bytes(kVersionMinConsumer, "0.70.0");
  write(kRecordHeader, ProtobufWriter().add_message(kHeaderVersion, version));

  ProtobufWriter run;
  run.add_bytes(kRunId, id_);
  add_if_given(run, kRunEntity, options.entity);
  add_if_given(run, kRunProject, options.project);
  run.add_message(kRunConfig, config_record(config));
  add_if_given(run, kRunGroup, options.group);
  add_if_given(run, kRunJobType, options.job_type);
  add_if_given(run, kRunDisplayName, options.name);
  add_if_given(run, kRunNotes, options.notes);
  for (const std::string& tag : options.tags)
    run.add_bytes(kRunTags, tag);
  run.add_bytes(kRunHost, host_name());
  run.add_message(kRunStartTime,
                  ProtobufWriter().add_integer(kTimestampSeconds, start_.unix_seconds));
  if (start_.past.num_starts > 0) {
    run.add_integer(kRunStartingStep, start_.past.num_rows);
    run.add_bool(kRunResumed, true);
    run.add_integer(kRunRuntime, static_cast<std::int64_t>(start_.past.runtime));
  }
  // Else rows are counted from 0 again, over those that the service has.
  if (!is_new_id) run.add_bool(kRunMayResume, true);
  write(kRecordRun, run);
}

// Charts are drawn to the training step, not to the row.
void WandbRun::define_metrics(const Metrics& metrics) {
  const auto options = [](bool follows_step) {
    return ProtobufWriter()
        .add_bool(kMetricOptionsStepSync, follows_step)
        .add_bool(kMetricOptionsDefined, true);
  };
  if (defined_.empty()) {
    defined_.emplace(kStepMetric);
    write(kRecordMetric, ProtobufWriter()
                             .add_bytes(kMetricName, kStepMetric)
                             .add_message(kMetricOptions, options(false)));
  }
  for (const auto& [name, value] : metrics) {
    if (!defined_.insert(name).second) continue;
    write(kRecordMetric, ProtobufWriter()
                             .add_bytes(kMetricName, name)
                             .add_bytes(kMetricStepMetric, kStepMetric)
                             .add_message(kMetricOptions, options(true)));
  }
}

void WandbRun::log(std::int64_t step, const Metrics& metrics) {
  define_metrics(metrics);
  ProtobufWriter summary;
  ProtobufWriter history;
  const auto add = [&](std::string_view key, std::string_view json) {
    const ProtobufWriter item = nested_item(key, json);
    summary.add_message(kSummaryUpdate, item);
    history.add_message(kHistoryItem, item);
  };
  for (const auto& [name, value] : metrics)
    add(name, json_number(value));
  add(kStepMetric, concat(step));
  add("_step", concat(row_));
  add("_runtime", fixed(runtime(), 3));
  add("_timestamp", fixed(unix_seconds(), 3));
  history.add_message(kHistoryStep, ProtobufWriter().add_integer(kStepNum, row_));
  write(kRecordSummary, summary);
  write(kRecordHistory, history);
  ++row_;
}

void WandbRun::finish(int exit_code, const StopToken& /*stop*/) {
  write(kRecordExit, ProtobufWriter()
                         .add_integer(kExitCode, exit_code)
                         .add_integer(kExitRuntime, static_cast<std::int64_t>(runtime())));
}

double WandbRun::runtime() const {
  return start_.past.runtime + std::chrono::duration<double>(Clock::now() - start_time_).count();
}

}  // namespace sbert
