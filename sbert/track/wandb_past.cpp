#include "sbert/track/wandb_past.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/track/protobuf.h"
#include "sbert/track/wandb_fields.h"
#include "sbert/track/wandb_log.h"

namespace sbert {
namespace {

using namespace wandb_field;  // NOLINT(google-build-using-namespace): it holds names of fields
                              // alone

std::int64_t integer_of(std::string_view message, int number) {
  ProtobufReader reader(message);
  while (const auto field = reader.next()) {
    if (field->number == number) return static_cast<std::int64_t>(field->integer);
  }
  return 0;
}

void read_history(std::string_view history, WandbPast& past) {
  ProtobufReader reader(history);
  while (const auto field = reader.next()) {
    if (field->number == kHistoryStep) {
      // A row number beyond any run's is damage; one more must still be a number.
      const std::int64_t row = std::min(integer_of(field->bytes, kStepNum), INT64_MAX / 2);
      past.num_rows = std::max(past.num_rows, row + 1);
    } else if (field->number == kHistoryItem &&
               find_field(field->bytes, kItemNestedKey) == "_runtime") {
      const std::string_view text = find_field(field->bytes, kItemValueJson);
      double runtime = 0;
      std::from_chars(text.data(), text.data() + text.size(), runtime);
      if (runtime < 1e12) past.runtime = std::max(past.runtime, runtime);
    }
  }
}

void read_record(std::string_view record, WandbPast& past) {
  ProtobufReader reader(record);
  while (const auto field = reader.next()) {
    if (field->number == kRecordHistory) read_history(field->bytes, past);
    if (field->number == kRecordRun) {
      const std::string_view start = find_field(field->bytes, kRunStartTime);
      past.last_start = std::max(past.last_start, integer_of(start, kTimestampSeconds));
    }
  }
}

void read_log(const std::filesystem::path& path, WandbPast& past) {
  WandbLogEnd end;
  {
    const MappedFile log(path);
    end = read_wandb_log(log.bytes(), [&](std::string_view record) { read_record(record, past); });
  }
  if (!end.is_cut_short) return;
  std::error_code error;
  std::filesystem::resize_file(path, end.whole_bytes, error);
  if (error) fail(ErrorKind::kIo, concat(path, ": cannot cut: ", error.message()));
}

}  // namespace

WandbPast read_wandb_past(const std::filesystem::path& wandb_folder, std::string_view id) {
  WandbPast past;
  std::error_code error;  // a folder that is not there holds nothing
  for (const auto& entry : std::filesystem::directory_iterator(wandb_folder, error)) {
    if (!entry.path().filename().string().ends_with(concat("-", id))) continue;
    const std::filesystem::path log = entry.path() / concat("run-", id, ".wandb");
    if (!std::filesystem::is_regular_file(log, error)) continue;
    within(log.native(), [&] { read_log(log, past); });
    ++past.num_starts;
    if (!std::filesystem::exists(concat(log, ".synced"), error)) past.unsent.push_back(log);
  }
  // The names of the folders begin with the time.
  std::sort(past.unsent.begin(), past.unsent.end());
  return past;
}

}  // namespace sbert
