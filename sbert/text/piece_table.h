#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace sbert {

/// A map from byte strings to ids, made to find the longest key that a text begins with. A prefix
/// costs one multiplication and one look at eight bytes. The keys are not copied.
class PieceTable {
 public:
  struct Entry {
    std::string_view key;  ///< must outlive the table
    std::int32_t id = 0;
  };
  struct Match {
    std::int32_t id = -1;  ///< -1: no key is a prefix
    std::size_t length = 0;
  };

  PieceTable() : PieceTable(std::vector<Entry>{}) {}
  /// Of entries with equal keys the first counts. Empty keys are never found.
  explicit PieceTable(std::vector<Entry> entries);

  /// The longest key that is a prefix of `text`.
  Match longest_prefix(std::string_view text) const;
  /// The id of `key`, -1 if it is not there.
  std::int32_t find(std::string_view key) const;

 private:
  struct Slot {
    std::uint32_t tag = 0;    // low half of the hash
    std::uint32_t entry = 0;  // index + 1; 0: the slot is free
  };

  std::int32_t lookup(std::string_view key, std::uint64_t hash) const;

  std::vector<Entry> entries_;
  std::vector<Slot> slots_;  // open addressing, a power of two, at most half full
  int shift_ = 0;            // the top bits of a hash choose the slot
  std::size_t longest_key_ = 0;
};

}  // namespace sbert
