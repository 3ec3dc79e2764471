#include "sbert/text/piece_table.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "sbert/base/error.h"

namespace sbert {
namespace {

constexpr std::uint64_t kSeed = 0xCBF29CE484222325ULL;
constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15ULL;

// The inverse of an odd number modulo 2^64, by Newton's iteration: each step doubles the bits.
constexpr std::uint64_t inverse(std::uint64_t odd) {
  std::uint64_t result = odd;
  for (int step = 0; step < 6; ++step)
    result *= 2 - odd * result;
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
  for (const char byte : key)
    hash = push(hash, byte);
  return hash;
}

// What stands behind the bytes of a key.
struct RecordEnd {
  std::uint32_t length;
  std::int32_t id;
};

// memcmp without the call, which costs more than most keys.
bool is_equal(const char* a, const char* b, std::size_t length) {
  for (; length >= sizeof(std::uint64_t); length -= sizeof(std::uint64_t)) {
    std::uint64_t left;
    std::uint64_t right;
    std::memcpy(&left, a + length - sizeof left, sizeof left);
    std::memcpy(&right, b + length - sizeof right, sizeof right);
    if (left != right) return false;
  }
  for (std::size_t i = 0; i < length; ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

}  // namespace

PieceTable::PieceTable(std::span<const Entry> entries) {
  const std::size_t num_slots = std::bit_ceil(2 * entries.size() + 8);
  slots_.resize(num_slots);
  shift_ = 64 - std::countr_zero(num_slots);
  filter_.resize(num_slots / 8);
  filter_shift_ = shift_ - 3;
  for (const auto& [key, id] : entries) {
    const std::uint64_t hash = hash_of(key);
    if (key.empty() || lookup(key, hash) >= 0) continue;
    const RecordEnd end{static_cast<std::uint32_t>(key.size()), id};
    const auto* end_bytes = reinterpret_cast<const char*>(&end);
    records_.insert(records_.end(), key.begin(), key.end());
    records_.insert(records_.end(), end_bytes, end_bytes + sizeof end);
    if (records_.size() > std::numeric_limits<std::uint32_t>::max()) {
      fail(ErrorKind::kInput, "the pieces of the vocabulary are longer than 4 GiB");
    }
    const std::uint64_t bit = hash >> filter_shift_;
    filter_[bit / 64] |= std::uint64_t{1} << (bit % 64);
    std::size_t slot = hash >> shift_;
    while (slots_[slot].record != 0)
      slot = (slot + 1) & (num_slots - 1);
    slots_[slot] = {static_cast<std::uint32_t>(hash), static_cast<std::uint32_t>(records_.size())};
    longest_key_ = std::max(longest_key_, key.size());
  }
}

std::int32_t PieceTable::lookup(std::string_view key, std::uint64_t hash) const {
  if (!may_be_there(hash)) return -1;
  const auto tag = static_cast<std::uint32_t>(hash);
  const Slot* slots = slots_.data();
  for (std::size_t slot = hash >> shift_; slots[slot].record != 0;
       slot = (slot + 1) & (slots_.size() - 1)) {
    if (slots[slot].tag != tag) continue;
    RecordEnd end{};
    const char* key_end = records_.data() + slots[slot].record - sizeof end;
    std::memcpy(&end, key_end, sizeof end);
    if (end.length == key.size() && is_equal(key_end - end.length, key.data(), end.length)) {
      return end.id;
    }
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

std::int32_t PieceTable::find(std::string_view key) const {
  return lookup(key, hash_of(key));
}

}  // namespace sbert
