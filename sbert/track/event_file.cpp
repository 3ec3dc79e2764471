#include "sbert/track/event_file.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string>

#include <unistd.h>

#include "sbert/base/concat.h"
#include "sbert/track/crc32c.h"
#include "sbert/track/host_name.h"
#include "sbert/track/little_endian.h"
#include "sbert/track/protobuf.h"

namespace sbert {
namespace {

constexpr std::string_view kPrefix = "events.out.tfevents.";

// Field numbers of tensorflow's event.proto, summary.proto, tensor.proto and types.proto.
constexpr int kEventWallTime = 1, kEventStep = 2, kEventFileVersion = 3, kEventSummary = 5;
constexpr int kEventSessionLog = 7, kSessionStatus = 1, kSessionStart = 1;
constexpr int kSummaryValue = 1, kValueTag = 1, kValueSimple = 2, kValueTensor = 8;
constexpr int kValueMetadata = 9, kMetadataPlugin = 1, kPluginName = 1;
constexpr int kTensorType = 1, kTypeString = 7, kTensorShape = 2, kTensorString = 8;
constexpr int kShapeDim = 2, kDimSize = 1;

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// The seconds in the name of an event file; -1 for any other name.
std::int64_t seconds_of(const std::string& name) {
  if (!name.starts_with(kPrefix)) return -1;
  std::int64_t seconds = -1;
  std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), seconds);
  // Far in the future is no time that we can go on from.
  return seconds < 9'999'999'999 ? seconds : -1;
}

std::filesystem::path new_path(const std::filesystem::path& folder) {
  auto seconds = static_cast<std::int64_t>(now_seconds());
  std::error_code error;  // a folder that cannot be read fails when the file is made
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    seconds = std::max(seconds, seconds_of(entry.path().filename().string()) + 1);
  return folder / concat(kPrefix, seconds, ".", host_name(), ".", ::getpid(), ".0");
}

ProtobufWriter event(std::int64_t step) {
  ProtobufWriter message;
  message.add_double(kEventWallTime, now_seconds());
  message.add_integer(kEventStep, step);
  return message;
}

std::string tf_record(const ProtobufWriter& message) {
  std::string record;
  append_little_endian(record, static_cast<std::uint64_t>(message.bytes().size()));
  append_little_endian(record, masked_crc32c(record));
  record += message.bytes();
  append_little_endian(record, masked_crc32c(message.bytes()));
  return record;
}

// The form that the text dashboard reads: a tensor of one string, of the plugin "text".
ProtobufWriter text_value(std::string_view tag, std::string_view markdown) {
  const auto shape =
      ProtobufWriter().add_message(kShapeDim, ProtobufWriter().add_integer(kDimSize, 1));
  const auto tensor = ProtobufWriter()
                          .add_integer(kTensorType, kTypeString)
                          .add_message(kTensorShape, shape)
                          .add_bytes(kTensorString, markdown);
  const auto plugin = ProtobufWriter().add_bytes(kPluginName, "text");
  return ProtobufWriter()
      .add_bytes(kValueTag, tag)
      .add_message(kValueTensor, tensor)
      .add_message(kValueMetadata, ProtobufWriter().add_message(kMetadataPlugin, plugin));
}

}  // namespace

EventFile::EventFile(const std::filesystem::path& folder,
                     std::string_view config,
                     std::int64_t step)
    : file_(new_path(folder)) {
  const auto version = ProtobufWriter()
                           .add_double(kEventWallTime, now_seconds())
                           .add_bytes(kEventFileVersion, "brain.Event:2");
  // On a START, TensorBoard drops what it has of this step and above.
  ProtobufWriter start = event(step + 1);
  start.add_message(kEventSessionLog, ProtobufWriter().add_integer(kSessionStatus, kSessionStart));
  ProtobufWriter text = event(step);
  const auto value = text_value("config", concat("```\n", config, "\n```"));
  text.add_message(kEventSummary, ProtobufWriter().add_message(kSummaryValue, value));
  file_.append(tf_record(version) + tf_record(start) + tf_record(text));
}

void EventFile::log(std::int64_t step, const Metrics& metrics) {
  ProtobufWriter summary;
  for (const auto& [name, value] : metrics) {
    summary.add_message(kSummaryValue, ProtobufWriter()
                                           .add_bytes(kValueTag, name)
                                           .add_float(kValueSimple, static_cast<float>(value)));
  }
  file_.append(tf_record(event(step).add_message(kEventSummary, summary)));
}

// A file ends where its last event ends.
void EventFile::finish(int /*exit_code*/, const StopToken& /*stop*/) {}

}  // namespace sbert
