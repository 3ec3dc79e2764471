#pragma once

#include <filesystem>
#include <string_view>

#include "sbert/track/append_file.h"
#include "sbert/track/metric_logger.h"

namespace sbert {

/// An event file for TensorBoard, events.out.tfevents.SECONDS.HOST.PID.0, made new in `folder`: a
/// scalar for each metric under its name. TensorBoard reads all event files of a folder in the
/// order of their names, as one run; SECONDS is above those of the files that are there.
///
/// Format: TFRecord (64-bit length, its masked CRC-32C, bytes, their masked CRC-32C) of Event
/// messages (tensorflow/core/util/event.proto).
class EventFile : public MetricLogger {
 public:
  /// Begins a file that goes on after `step`: TensorBoard drops the points of later steps that
  /// earlier files hold. `config` is shown as the text "config".
  /// @throws Error(kIo)
  EventFile(const std::filesystem::path& folder, std::string_view config, std::int64_t step);

  void log(std::int64_t step, const Metrics& metrics) override;
  void finish(int exit_code, const StopToken& stop) override;

  const std::filesystem::path& path() const { return file_.path(); }

 private:
  AppendFile file_;
};

}  // namespace sbert
