#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sbert/base/files.h"

namespace sbert {

/// Writes a plain POSIX tar. Times and owners are zero, so that the same
/// members give the same bytes.
class TarWriter {
 public:
  /// @param file empty; outlives the writer, which does not commit it
  explicit TarWriter(AtomicFile& file) : file_(file) {}

  /// @param name at most 99 bytes; written as it is
  void add(std::string_view name, std::string_view bytes);

  /// A member whose size is not known before: begin_member, write any number of times, end_member.
  void begin_member(std::string_view name);
  void write(std::string_view bytes);
  void end_member();

  /// Ends the archive.
  /// @throws Error(kIo)
  void finish();

 private:
  AtomicFile& file_;
  std::uint64_t written_ = 0;
  std::string member_name_;
  std::uint64_t member_offset_ = 0;
};

}  // namespace sbert
