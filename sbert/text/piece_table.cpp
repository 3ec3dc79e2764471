#include "sbert/text/piece_table.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace sbert {
namespace {

constexpr std::uint64_t kSeed = 0xCBF29CE484222325ULL;
constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15ULL;

// The inverse of an odd number modulo 2^64, by Newton's iteration: each step doubles the bits.
constexpr std::uint64_t inverse(std::uint64_t odd) {
  std::uint64_t result = odd;
  for (int step = 0; step < 6; ++step) result *= 2 - odd * result;
  return result;
}
constexpr std::uint64_t kInverse = inverse(kMultiplier);
static_assert(kMultiplier * kInverse == 1);

// Adds a byte at the end of a hashed string, and takes it off again: all prefixes of a text are
// hashed in one pass forward, and tried in one pass backward.
std::uint64_t push(std::uint64_t hash, char byte) {
  return (hash ^ static_cast<unsigned char>(byte)) * kMultiplier;
}
std::uint64_t pop(std::uint64_t hash, char byte) {
  return hash * kInverse ^ static_cast<unsigned char>(byte);
}

std::uint64_t hash_of(std::string_view key) {
  std::uint64_t hash = kSeed;
  for (const char byte : key) hash = push(hash, byte);
  return hash;
}

}  // namespace

PieceTable::PieceTable(std::vector<Entry> entries) : entries_(std::move(entries)) {
  const std::size_t num_slots = std::bit_ceil(2 * entries_.size() + 2);
  slots_.resize(num_slots);
  shift_ = 64 - std::countr_zero(num_slots);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const std::string_view key = entries_[i].key;
    const std::uint64_t hash = hash_of(key);
    if (key.empty() || lookup(key, hash) >= 0) continue;
    std::size_t slot = hash >> shift_;
    while (slots_[slot].entry != 0) slot = (slot + 1) & (num_slots - 1);
    slots_[slot] = {static_cast<std::uint32_t>(hash), static_cast<std::uint32_t>(i + 1)};
    longest_key_ = std::max(longest_key_, key.size());
  }
}

std::int32_t PieceTable::lookup(std::string_view key, std::uint64_t hash) const {
  const auto tag = static_cast<std::uint32_t>(hash);
  for (std::size_t slot = hash >> shift_; slots_[slot].entry != 0;
       slot = (slot + 1) & (slots_.size() - 1)) {
    if (slots_[slot].tag != tag) continue;
    const Entry& entry = entries_[slots_[slot].entry - 1];
    if (entry.key == key) return entry.id;
  }
  return -1;
}

PieceTable::Match PieceTable::longest_prefix(std::string_view text) const {
  text = text.substr(0, longest_key_);
  std::uint64_t hash = hash_of(text);
  for (; !text.empty(); text.remove_suffix(1)) {
    const std::int32_t id = lookup(text, hash);
    if (id >= 0) return {id, text.size()};
    hash = pop(hash, text.back());
  }
  return {};
}

std::int32_t PieceTable::find(std::string_view key) const { return lookup(key, hash_of(key)); }

}  // namespace sbert
