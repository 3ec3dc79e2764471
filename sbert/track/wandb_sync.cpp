#include "sbert/track/wandb_sync.h"

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/log.h"
#include "sbert/track/protobuf.h"
#include "sbert/track/wandb_core.h"

namespace sbert {
namespace {

constexpr std::chrono::seconds kLongestStart{30};
constexpr std::chrono::milliseconds kTick{100};

// Field numbers of wandb's wandb_server.proto, wandb_sync.proto and wandb_settings.proto.
constexpr int kInitSync = 11;
constexpr int kInitPath = 1;
constexpr int kInitSettings = 2;
constexpr int kInitLive = 6;
constexpr int kInitResponseId = 1;
constexpr int kSync = 12;
constexpr int kSyncId = 1;
constexpr int kSyncParallelism = 2;
constexpr int kSyncMessages = 1;
constexpr int kMessageSeverity = 1;
constexpr int kMessageContent = 2;
constexpr int kSettingApiKey = 55;
constexpr int kSettingBaseUrl = 57;
constexpr int kSettingPrimary = 182;
constexpr int kSettingUpdateFinishState = 183;

// A message wandb-core means as an error; INFO is 10, WARNING 20.
constexpr std::uint64_t kSeverityError = 30;

ProtobufWriter wrapped(std::string_view value) {
  return ProtobufWriter().add_bytes(1, value);
}

ProtobufWriter wrapped(bool value) {
  return ProtobufWriter().add_bool(1, value);
}

ProtobufWriter init_request(const WandbEnvironment& environment,
                            const std::filesystem::path& log_path,
                            bool is_live) {
  // Without the last two, which its own client sets, wandb-core leaves out summary and state.
  const auto settings = ProtobufWriter()
                            .add_message(kSettingApiKey, wrapped(environment.api_key))
                            .add_message(kSettingBaseUrl, wrapped(environment.base_url))
                            .add_message(kSettingPrimary, wrapped(true))
                            .add_message(kSettingUpdateFinishState, wrapped(true));
  return ProtobufWriter()
      .add_bytes(kInitPath, std::filesystem::absolute(log_path).native())
      .add_message(kInitSettings, settings)
      .add_bool(kInitLive, is_live);
}

// The first message of a sync that says what went wrong; empty if all is well.
std::string error_in(std::string_view sync_response) {
  ProtobufReader messages(sync_response);
  while (const auto message = messages.next()) {
    if (message->number != kSyncMessages) continue;
    std::uint64_t severity = 0;
    ProtobufReader fields(message->bytes);
    while (const auto field = fields.next()) {
      if (field->number == kMessageSeverity) severity = field->integer;
    }
    if (severity >= kSeverityError) return std::string(find_field(message->bytes, kMessageContent));
  }
  return {};
}

}  // namespace

struct WandbSync::State {
  State(WandbEnvironment environment_given,
        std::vector<std::filesystem::path> earlier_given,
        std::filesystem::path log_path_given)
      : environment(std::move(environment_given)),
        earlier(std::move(earlier_given)),
        log_path(std::move(log_path_given)),
        core(environment.program, log_path.parent_path() / "logs" / "wandb-core.log", [this] {
          const std::scoped_lock lock(mutex);
          return is_stopped;
        }) {}

  void run();
  void sync();
  void send(const std::filesystem::path& path, bool is_live);

  const WandbEnvironment environment;
  const std::vector<std::filesystem::path> earlier;
  const std::filesystem::path log_path;
  std::mutex mutex;  // of the next three
  std::condition_variable changed;
  bool is_stopped = false;
  enum class Result { kPending, kSent, kFailed } result = Result::kPending;
  WandbCore core;
  std::thread thread;  // the last, since it uses the others
};

void WandbSync::State::sync() {
  core.connect(kLongestStart);
  // The service counts rows, so that a later log must not come before an earlier one.
  for (const std::filesystem::path& path : earlier)
    send(path, false);
  send(log_path, true);
  core.tear_down();
}

void WandbSync::State::send(const std::filesystem::path& path, bool is_live) {
  const std::string init = core.ask(kInitSync, init_request(environment, path, is_live));
  const auto request = ProtobufWriter()
                           .add_bytes(kSyncId, find_field(init, kInitResponseId))
                           .add_integer(kSyncParallelism, 1);
  // Answered when all of the log is sent; a live one ends with the record of the run's exit.
  const std::string error = error_in(core.ask(kSync, request));
  if (!error.empty()) fail(ErrorKind::kIo, concat("wandb-core: ", error));
}

void WandbSync::State::run() {
  Result end = Result::kSent;
  try {
    sync();
  } catch (const std::exception& error) {
    end = Result::kFailed;
    const auto* ours = dynamic_cast<const Error*>(&error);
    if (ours == nullptr || ours->kind() != ErrorKind::kCancelled) {
      log_warning(concat("Weights & Biases gets no more of this run: ", error.what(),
                         "; later: ", wandb_sync_command(log_path)));
    }
  }
  const std::scoped_lock lock(mutex);
  result = end;
  changed.notify_all();
}

WandbSync::WandbSync(const WandbEnvironment& environment,
                     const std::vector<std::filesystem::path>& earlier,
                     const std::filesystem::path& log_path)
    : state_(std::make_unique<State>(environment, earlier, log_path)) {
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

WandbSync::~WandbSync() {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->is_stopped = true;
  }
  state_->thread.join();
}

bool WandbSync::finish(std::chrono::milliseconds longest, const StopToken& stop) {
  using Result = State::Result;
  const auto end = std::chrono::steady_clock::now() + longest;
  std::unique_lock lock(state_->mutex);
  const auto is_over = [&] { return state_->result != Result::kPending; };
  while (!state_->changed.wait_for(lock, kTick, is_over)) {
    if (stop.stop_requested() || std::chrono::steady_clock::now() > end) break;
  }
  if (state_->result == Result::kPending) {
    log_warning(concat("Weights & Biases has not taken all of this run yet; later: ",
                       wandb_sync_command(state_->log_path)));
  }
  return state_->result == Result::kSent;
}

std::string wandb_sync_command(const std::filesystem::path& log_path) {
  const std::filesystem::path folder = log_path.parent_path();
  const std::string log = log_path.stem().string();  // run-ID
  return concat("wandb sync ", folder.parent_path(), "/*", log.substr(log.find('-')));
}

}  // namespace sbert
