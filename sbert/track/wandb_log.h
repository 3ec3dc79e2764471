#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

#include "sbert/track/append_file.h"

namespace sbert {

// The transaction log of Weights & Biases, run-ID.wandb: a head of seven bytes, then LevelDB's log
// format with plain CRC-32. The file is blocks of 32 KiB; a record lies in chunks that do not cross
// a block: checksum (4 bytes, of what follows the length), length (2), type (1: whole, 2: first,
// 3: middle, 4: last), bytes. Less than seven bytes at the end of a block are zero.

/// Writes such a file.
class WandbLogWriter {
 public:
  /// @throws Error(kIo) if the file exists or cannot be made
  explicit WandbLogWriter(std::filesystem::path path);

  /// @throws Error(kIo); the file ends with the record before then
  void append(std::string_view record);

  const std::filesystem::path& path() const { return file_.path(); }

 private:
  AppendFile file_;
};

/// Where the reading of a log ended.
struct WandbLogEnd {
  std::uint64_t whole_bytes = 0;  ///< up to the end of the last whole record
  bool is_cut_short = false;      ///< a record begins there whose end is missing
  bool is_damaged = false;        ///< what follows is no record
};

/// Calls visit(record) for each whole record of a log from outside, in their order.
/// @throws Error(kInput) if the bytes do not begin as such a log; what `visit` throws
WandbLogEnd read_wandb_log(std::string_view bytes,
                           const std::function<void(std::string_view record)>& visit);

}  // namespace sbert
