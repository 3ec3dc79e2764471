#include "sbert/track/wandb_log.h"

#include <string>
#include <utility>

#include <zlib.h>

#include "sbert/base/error.h"
#include "sbert/track/little_endian.h"

namespace sbert {
namespace {

// ":W&B", the number 0xBEE1, and the version 0.
constexpr std::string_view kHead("\x3AW&B\xE1\xBE\0", 7);
constexpr std::size_t kBlockBytes = 32'768;
constexpr std::size_t kChunkHeadBytes = 7;

enum class ChunkType : std::uint8_t { kWhole = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

ChunkType chunk_type(bool is_first, bool is_last) {
  if (is_first) return is_last ? ChunkType::kWhole : ChunkType::kFirst;
  return is_last ? ChunkType::kLast : ChunkType::kMiddle;
}

// Of the type's byte and the chunk's bytes, which lie together.
std::uint32_t checksum(std::string_view typed_bytes) {
  const auto* data = reinterpret_cast<const Bytef*>(typed_bytes.data());
  return static_cast<std::uint32_t>(::crc32_z(0, data, typed_bytes.size()));
}

void append_chunk(std::string& chunks, ChunkType type, std::string_view bytes) {
  std::string typed(1, static_cast<char>(type));
  typed += bytes;
  append_little_endian(chunks, checksum(typed));
  append_little_endian(chunks, static_cast<std::uint16_t>(bytes.size()));
  chunks += typed;
}

struct Chunk {
  ChunkType type;
  std::string_view bytes;
};

enum class ChunkFound { kChunk, kEnd, kCutShort, kDamage };

// Reads chunk after chunk.
class ChunkReader {
 public:
  explicit ChunkReader(std::string_view bytes) : bytes_(bytes), position_(kHead.size()) {}

  ChunkFound next(Chunk& chunk) {
    std::size_t start = position_;
    const std::size_t room = kBlockBytes - start % kBlockBytes;
    if (room < kChunkHeadBytes) start += room;
    if (position_ == bytes_.size()) return ChunkFound::kEnd;
    if (start + kChunkHeadBytes > bytes_.size()) return ChunkFound::kCutShort;
    const char* head = bytes_.data() + start;
    const std::size_t size = kChunkHeadBytes + read_little_endian<std::uint16_t>(head + 4);
    if (start % kBlockBytes + size > kBlockBytes) return ChunkFound::kDamage;
    if (start + size > bytes_.size()) return ChunkFound::kCutShort;
    const std::string_view typed = bytes_.substr(start + 6, size - 6);
    const auto type = static_cast<std::uint8_t>(typed.front());
    const bool is_type = type >= 1 && type <= 4;
    if (!is_type || read_little_endian<std::uint32_t>(head) != checksum(typed)) {
      return ChunkFound::kDamage;
    }
    chunk = {static_cast<ChunkType>(type), typed.substr(1)};
    position_ = start + size;
    return ChunkFound::kChunk;
  }

  std::size_t position() const { return position_; }

 private:
  std::string_view bytes_;
  std::size_t position_;
};

}  // namespace

WandbLogWriter::WandbLogWriter(std::filesystem::path path) : file_(std::move(path)) {
  file_.append(kHead);
}

void WandbLogWriter::append(std::string_view record) {
  std::string chunks;
  chunks.reserve(record.size() + 2 * kChunkHeadBytes);
  bool is_first = true;
  do {
    std::size_t room = kBlockBytes - (file_.size() + chunks.size()) % kBlockBytes;
    if (room < kChunkHeadBytes) {
      chunks.append(room, '\0');
      room = kBlockBytes;
    }
    const std::string_view part = record.substr(0, room - kChunkHeadBytes);
    record.remove_prefix(part.size());
    append_chunk(chunks, chunk_type(is_first, record.empty()), part);
    is_first = false;
  } while (!record.empty());
  file_.append(chunks);
}

WandbLogEnd read_wandb_log(std::string_view bytes,
                           const std::function<void(std::string_view record)>& visit) {
  if (!bytes.starts_with(kHead)) fail(ErrorKind::kInput, "is no log of Weights & Biases");
  ChunkReader reader(bytes);
  WandbLogEnd end{.whole_bytes = reader.position()};
  std::string record;
  bool is_within = false;  // a record whose last chunk is still to come
  Chunk chunk{};
  ChunkFound found = reader.next(chunk);
  for (; found == ChunkFound::kChunk; found = reader.next(chunk)) {
    const bool begins = chunk.type == ChunkType::kWhole || chunk.type == ChunkType::kFirst;
    if (begins == is_within) break;
    if (begins) record.clear();
    record += chunk.bytes;
    is_within = chunk.type == ChunkType::kFirst || chunk.type == ChunkType::kMiddle;
    if (is_within) continue;
    visit(record);
    end.whole_bytes = reader.position();
  }
  end.is_cut_short = found == ChunkFound::kCutShort || (found == ChunkFound::kEnd && is_within);
  end.is_damaged = found == ChunkFound::kDamage || found == ChunkFound::kChunk;
  return end;
}

}  // namespace sbert
