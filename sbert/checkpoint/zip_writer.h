#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sbert {

/// Writes a zip of stored members, one after the other: no compression, times of 1980, so that the
/// same members give the same bytes. zip64 where a size, an offset or the number of members needs
/// it. Format: PKWARE's APPNOTE 6.3.
class ZipWriter {
 public:
  /// @param sink      is given the bytes in order
  /// @param alignment the members' bytes begin at multiples of it; a field of padding stands in the
  ///                  header before them, as torch has it
  explicit ZipWriter(std::function<void(std::string_view)> sink, std::uint64_t alignment = 64);

  /// @throws Error(kInternal) for a name of more than 65,535 bytes
  void add(std::string_view name, std::string_view bytes);
  /// 40 digits that tell these members from others: a number of their names and one of their bytes.
  std::string content_id() const;
  /// The directory. To be called once, at the end.
  void finish();

 private:
  struct Member {
    std::string name;
    std::uint64_t size;
    std::uint64_t offset;  // of its header
    std::uint32_t crc;
  };

  void write(std::string_view bytes);
  std::string local_header(const Member& member) const;

  std::function<void(std::string_view)> sink_;
  std::uint64_t alignment_;
  std::uint64_t written_ = 0;
  std::vector<Member> members_;
};

}  // namespace sbert
