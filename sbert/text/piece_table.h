#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace sbert {

/// A map from byte strings to ids, made to find the longest key that a text begins with. A prefix
/// costs one multiplication and one look at eight bytes.
class PieceTable {
 public:
  struct Entry {
    std::string_view key;  ///< copied
    std::int32_t id = 0;
  };
  struct Match {
    std::int32_t id = -1;  ///< -1: no key is a prefix
    std::size_t length = 0;
  };

  PieceTable() : PieceTable(std::span<const Entry>{}) {}
  /// Of entries with equal keys the first counts. Empty keys are never found.
  explicit PieceTable(std::span<const Entry> entries);

  /// The longest key that is a prefix of `text`.
  Match longest_prefix(std::string_view text) const;
  /// The id of `key`, -1 if it is not there.
  std::int32_t find(std::string_view key) const;

 private:
  struct Slot {
    std::uint32_t tag = 0;     // low half of the hash
    std::uint32_t record = 0;  // where its record ends in records_; 0: the slot is free
  };

  bool may_be_there(std::uint64_t hash) const {
    const std::uint64_t bit = hash >> filter_shift_;
    return (filter_[bit / 64] >> (bit % 64) & 1) != 0;
  }
  std::int32_t lookup(std::string_view key, std::uint64_t hash) const;

  std::vector<Slot> slots_;    // open addressing, a power of two, at most half full
  std::vector<char> records_;  // key bytes, length and id of each key, in the order of the entries
  // A bit for each key, among eight bits a slot: most prefixes that are not a key end here, in
  // memory that the nearest caches hold.
  std::vector<std::uint64_t> filter_;
  int filter_shift_ = 0;
  int shift_ = 0;  // the top bits of a hash choose the slot
  std::size_t longest_key_ = 0;
};

}  // namespace sbert
