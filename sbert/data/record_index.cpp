#include "sbert/data/record_index.h"

#include <array>
#include <bit>
#include <cstring>
#include <system_error>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/random.h"
#include "sbert/data/text_key.h"

namespace sbert {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the index is written in the byte order of memory");

constexpr std::string_view kMagic{"SBERTIDX\x02\0\0\0\0\0\0\0", 16};  // version 2
constexpr std::size_t kEntryBytes = 24;
constexpr std::size_t kBadHeadBytes = 20;
constexpr std::size_t kKeyHeadBytes = 12;
constexpr std::size_t kBufferBytes = 1 << 16;

// The last bytes of an index, in this order.
enum Field : std::size_t {
  kFileSize,
  kModified,
  kSampleKey,
  kContentKey,
  kNumRecords,
  kNumPositives,
  kNumBad,
  kNumUnreadKeys,
  kForm,
  kTraits,
  kMinLabel,  // the bits of a double
  kMaxLabel,
  kListsKey,  // hash of the bad records and the keys that are not read
  kChecksum,
  kNumFields,
};
using Trailer = std::array<std::uint64_t, kNumFields>;

constexpr std::uint64_t kHasLabels = 1;
constexpr std::uint64_t kHasPositiveScores = 2;
constexpr std::uint64_t kHasNegatives = 4;
constexpr std::uint64_t kHasNegativeScores = 8;
constexpr std::uint64_t kHasLabelAsScore = 16;

std::uint64_t checksum(const Trailer& trailer) {
  std::string_view bytes(reinterpret_cast<const char*>(trailer.data()), sizeof trailer);
  bytes.remove_suffix(sizeof(std::uint64_t));
  return bytes_key(bytes);
}

template <typename Number>
Number number_at(std::string_view bytes, std::size_t at) {
  Number number{};
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

/// Takes the bytes of a text of this length off the front; false if there are not as many.
bool take_text(std::string_view& list, std::size_t length, std::string& text) {
  if (length > list.size()) return false;
  text = list.substr(0, length);
  list.remove_prefix(length);
  return true;
}

template <typename Number>
void append_number(std::string& bytes, Number number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void append_text(std::string& bytes, std::string_view text) {
  append_number(bytes, static_cast<std::uint32_t>(text.size()));
  bytes += text;
}

std::string lists_of(const std::vector<BadRecord>& bad, const std::vector<UnreadKey>& unread) {
  std::string bytes;
  for (const BadRecord& each : bad) {
    append_number(bytes, each.number);
    append_number(bytes, each.byte);
    append_text(bytes, each.message);
  }
  for (const UnreadKey& each : unread) {
    append_number(bytes, each.records);
    append_text(bytes, each.name);
  }
  return bytes;
}

std::uint64_t bits_of(const FileTraits& traits) {
  return (traits.has_labels ? kHasLabels : 0) |
         (traits.has_positive_scores ? kHasPositiveScores : 0) |
         (traits.has_negatives ? kHasNegatives : 0) |
         (traits.has_negative_scores ? kHasNegativeScores : 0) |
         (traits.has_label_as_score ? kHasLabelAsScore : 0);
}

FileTraits traits_of(const Trailer& trailer) {
  const auto has = [&](std::uint64_t bit) { return (trailer[kTraits] & bit) != 0; };
  return {.form = static_cast<RecordForm>(trailer[kForm]),
          .has_labels = has(kHasLabels),
          .has_positive_scores = has(kHasPositiveScores),
          .has_negatives = has(kHasNegatives),
          .has_negative_scores = has(kHasNegativeScores),
          .has_label_as_score = has(kHasLabelAsScore),
          .min_label = std::bit_cast<double>(trailer[kMinLabel]),
          .max_label = std::bit_cast<double>(trailer[kMaxLabel])};
}

}  // namespace

FileStamp stamp_of(const MappedFile& file) {
  constexpr std::size_t kEndBytes = 64 << 10;
  constexpr std::size_t kBlockBytes = 4 << 10;
  constexpr std::size_t kNumBlocks = 16;
  const std::string_view bytes = file.bytes();
  std::uint64_t key = bytes_key(bytes.substr(0, kEndBytes));
  if (bytes.size() > kEndBytes) {
    const std::size_t step = bytes.size() / kNumBlocks;
    for (std::size_t i = 0; i < kNumBlocks; ++i) {
      key = derive_key(key, bytes_key(bytes.substr(i * step, kBlockBytes)));
    }
    key = derive_key(key, bytes_key(bytes.substr(bytes.size() - kEndBytes)));
  }
  std::error_code error;
  const auto time = std::filesystem::last_write_time(file.path(), error);
  if (error) fail(ErrorKind::kIo, concat(file.path(), ": cannot read: ", error.message()));
  return {bytes.size(), static_cast<std::int64_t>(time.time_since_epoch().count()), key};
}

RecordIndexWriter::RecordIndexWriter(Sink sink) : sink_(std::move(sink)), buffer_(kMagic) {}

void RecordIndexWriter::put(std::uint64_t number) {
  append_number(buffer_, number);
  if (buffer_.size() >= kBufferBytes) {
    sink_(buffer_);
    buffer_.clear();
  }
}

void RecordIndexWriter::add(std::uint64_t offset,
                            std::uint64_t num_positives,
                            std::uint64_t question_key) {
  put(offset);
  put(num_positives_);
  put(question_key);
  ++num_records_;
  num_positives_ += num_positives;
}

void RecordIndexWriter::finish(const FileStamp& stamp,
                               const FileTraits& traits,
                               std::uint64_t content_key,
                               const std::vector<BadRecord>& bad) {
  const std::string lists = lists_of(bad, traits.unread_keys);
  Trailer trailer{};
  trailer[kFileSize] = stamp.size;
  trailer[kModified] = static_cast<std::uint64_t>(stamp.modified);
  trailer[kSampleKey] = stamp.sample_key;
  trailer[kContentKey] = content_key;
  trailer[kNumRecords] = num_records_;
  trailer[kNumPositives] = num_positives_;
  trailer[kNumBad] = bad.size();
  trailer[kNumUnreadKeys] = traits.unread_keys.size();
  trailer[kForm] = static_cast<std::uint64_t>(traits.form);
  trailer[kTraits] = bits_of(traits);
  trailer[kMinLabel] = std::bit_cast<std::uint64_t>(traits.min_label);
  trailer[kMaxLabel] = std::bit_cast<std::uint64_t>(traits.max_label);
  trailer[kListsKey] = bytes_key(lists);
  trailer[kChecksum] = checksum(trailer);
  sink_(buffer_);
  sink_(lists);
  sink_({reinterpret_cast<const char*>(trailer.data()), sizeof trailer});
}

std::optional<RecordIndex> RecordIndex::open(const std::filesystem::path& path,
                                             const FileStamp& stamp) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return std::nullopt;
  RecordIndex index;
  index.mapped_.emplace(path);
  if (!index.read(&stamp)) return std::nullopt;
  return index;
}

RecordIndex RecordIndex::of_bytes(std::string bytes) {
  RecordIndex index;
  index.memory_ = std::move(bytes);
  if (!index.read(nullptr)) fail(ErrorKind::kInternal, "the index that was built is damaged");
  return index;
}

bool RecordIndex::read(const FileStamp* stamp) {
  std::string_view rest = bytes();
  Trailer trailer{};
  if (rest.size() < kMagic.size() + sizeof trailer || !rest.starts_with(kMagic)) return false;
  rest.remove_prefix(kMagic.size());
  std::memcpy(trailer.data(), rest.data() + rest.size() - sizeof trailer, sizeof trailer);
  rest.remove_suffix(sizeof trailer);
  if (trailer[kChecksum] != checksum(trailer)) return false;
  if (stamp != nullptr) {
    const FileStamp own{trailer[kFileSize], static_cast<std::int64_t>(trailer[kModified]),
                        trailer[kSampleKey]};
    if (own != *stamp) return false;
  }
  const std::uint64_t num_records = trailer[kNumRecords];
  if (num_records > rest.size() / kEntryBytes) return false;
  if (trailer[kForm] > static_cast<std::uint64_t>(RecordForm::kPair)) return false;
  std::string_view lists = rest.substr(num_records * kEntryBytes);
  if (trailer[kListsKey] != bytes_key(lists)) return false;

  num_records_ = static_cast<std::int64_t>(num_records);
  num_positives_ = static_cast<std::int64_t>(trailer[kNumPositives]);
  content_key_ = trailer[kContentKey];
  traits_ = traits_of(trailer);
  return read_bad_records(lists, trailer[kNumBad]) &&
         read_unread_keys(lists, trailer[kNumUnreadKeys]) && lists.empty();
}

bool RecordIndex::read_bad_records(std::string_view& list, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    if (list.size() < kBadHeadBytes) return false;
    BadRecord bad{number_at<std::int64_t>(list, 0), number_at<std::uint64_t>(list, 8), ""};
    const auto length = number_at<std::uint32_t>(list, 16);
    list.remove_prefix(kBadHeadBytes);
    if (!take_text(list, length, bad.message)) return false;
    bad_.push_back(std::move(bad));
  }
  return true;
}

bool RecordIndex::read_unread_keys(std::string_view& list, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    if (list.size() < kKeyHeadBytes) return false;
    UnreadKey key{"", number_at<std::int64_t>(list, 0)};
    const auto length = number_at<std::uint32_t>(list, 8);
    list.remove_prefix(kKeyHeadBytes);
    if (!take_text(list, length, key.name)) return false;
    traits_.unread_keys.push_back(std::move(key));
  }
  return true;
}

std::uint64_t RecordIndex::entry(std::int64_t i, std::size_t part) const {
  if (i < 0 || i >= num_records_) {
    fail(ErrorKind::kInternal, concat("no record ", i, " in a file of ", num_records_));
  }
  const std::size_t at = kMagic.size() + static_cast<std::size_t>(i) * kEntryBytes;
  return number_at<std::uint64_t>(bytes(), at + part * sizeof(std::uint64_t));
}

std::int64_t RecordIndex::positives_before(std::int64_t i) const {
  return i == num_records_ ? num_positives_ : static_cast<std::int64_t>(entry(i, 1));
}

std::int64_t RecordIndex::record_of_positive(std::int64_t i) const {
  std::int64_t first = 0;  // positives_before(first) <= i < positives_before(last)
  std::int64_t last = num_records_;
  while (last - first > 1) {
    const std::int64_t middle = first + (last - first) / 2;
    (positives_before(middle) <= i ? first : last) = middle;
  }
  return first;
}

}  // namespace sbert
