#include "sbert/data/example_file.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/log.h"
#include "sbert/base/progress.h"
#include "sbert/data/index_builder.h"
#include "sbert/data/input_file.h"
#include "sbert/data/input_format.h"
#include "sbert/data/json_record.h"
#include "sbert/data/record_scanner.h"
#include "sbert/data/text_key.h"

namespace sbert {
namespace {

RecordIndex index_in_memory(const RecordBytes& file,
                            const FileStamp& stamp,
                            bool skips,
                            const StopToken& stop) {
  std::string bytes;
  RecordIndexWriter writer([&](std::string_view part) { bytes += part; });
  build_index(file, stamp, skips, writer, stop);
  return RecordIndex::of_bytes(std::move(bytes));
}

/// Nothing, with a warning, where no file can be made.
std::unique_ptr<AtomicFile> new_index_file(const std::filesystem::path& place) {
  try {
    if (place.has_parent_path()) make_folder(place.parent_path());
    return std::make_unique<AtomicFile>(place);
  } catch (const Error& error) {
    log_warning(
        concat("the index of the training file is not kept; model.data.index_mapping_dir "
               "names another folder: ",
               error.what()));
    return nullptr;
  }
}

RecordIndex build_and_keep(const RecordBytes& file,
                           const FileStamp& stamp,
                           bool skips,
                           const std::filesystem::path& place,
                           const StopToken& stop) {
  const std::unique_ptr<AtomicFile> output = new_index_file(place);
  if (!output) return index_in_memory(file, stamp, skips, stop);
  RecordIndexWriter writer([&](std::string_view part) { output->write(part); });
  build_index(file, stamp, skips, writer, stop);
  output->commit();
  auto index = RecordIndex::open(place, stamp);
  if (!index) fail(ErrorKind::kIo, concat(place, ": changed while it was written"));
  return *std::move(index);
}

void report_skipped(const std::filesystem::path& path, const RecordIndex& index) {
  constexpr std::size_t kMostListed = 20;
  const std::vector<BadRecord>& bad = index.bad_records();
  if (bad.empty()) return;
  const auto count = static_cast<std::int64_t>(bad.size());
  std::string text =
      concat(path, ": skipped ", with_thousands(count), " bad of ",
             with_thousands(count + index.size()), " records, model.data.on_bad_record=skip");
  for (std::size_t i = 0; i < std::min(kMostListed, bad.size()); ++i) {
    text += concat("\n  record ", bad[i].number, ", byte ", bad[i].byte, ": ", bad[i].message);
  }
  if (bad.size() > kMostListed) text += "\n  ...";
  log_warning(text);
}

void report_unread_keys(const std::filesystem::path& path, const FileTraits& traits) {
  std::string list;
  for (const UnreadKey& each : traits.unread_keys) {
    list += concat(list.empty() ? "" : ", ", each.name, " (", with_thousands(each.records),
                   each.records == 1 ? " record)" : " records)");
  }
  if (!list.empty()) log_info(concat(path, ": keys that are not read: ", list));
}

/// Records are read in place, so that nothing may be packed, and CSV has no index.
void check_form(std::string_view bytes, std::optional<InputFormat> format) {
  if (is_gzip(bytes)) {
    fail(ErrorKind::kInput, "is compressed by gzip; training files must be decompressed");
  }
  check_kind(bytes);
  if (format == InputFormat::kCsv) {
    fail(ErrorKind::kInput, "is CSV; training files are JSON Lines, a JSON array or .tsv");
  }
}

/// The number in the file, from 1, of the good record `i`.
std::int64_t number_in_file(const RecordIndex& index, std::int64_t i) {
  std::int64_t number = i + 1;
  for (const BadRecord& bad : index.bad_records()) {
    if (bad.number > number) break;
    ++number;
  }
  return number;
}

}  // namespace

std::filesystem::path index_path(const std::filesystem::path& file,
                                 const std::optional<std::filesystem::path>& folder) {
  constexpr std::string_view kSuffix = ".sbert-index";
  if (!folder) return concat(file, kSuffix);
  // Files of one name in several folders do not share an index.
  const std::filesystem::path whole = std::filesystem::absolute(file).lexically_normal();
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, bytes_key(whole.native()), 16);
  return *folder / concat(file.filename(), '-', std::string_view(digits, end.ptr), kSuffix);
}

ExampleFile::ExampleFile(MappedFile file, std::optional<TsvTable> table, RecordIndex index)
    : file_(std::move(file)), table_(std::move(table)), index_(std::move(index)) {}

ExampleFile ExampleFile::open(const std::filesystem::path& path,
                              const ExampleFileOptions& options,
                              const StopToken& stop) {
  MappedFile file(path);
  return within(path.native(), [&] {
    const std::optional<InputFormat> format = format_of_suffix(suffix_of(path));
    check_form(file.bytes(), format);
    std::optional<TsvTable> table;
    if (format == InputFormat::kTsv) table.emplace(file.bytes());
    const RecordBytes records{file.bytes(), table ? &*table : nullptr};
    const FileStamp stamp = stamp_of(file);
    const bool skips = options.skips_bad_records;
    if (!options.index_folder && stamp.size < options.least_bytes_for_index) {
      RecordIndex index = index_in_memory(records, stamp, skips, stop);
      report_skipped(path, index);
      report_unread_keys(path, index.traits());
      return ExampleFile(std::move(file), std::move(table), std::move(index));
    }
    const std::filesystem::path place = index_path(path, options.index_folder);
    std::optional<RecordIndex> index = RecordIndex::open(place, stamp);
    if (!index) index = build_and_keep(records, stamp, skips, place, stop);
    if (!skips && !index->bad_records().empty()) {
      const BadRecord& bad = index->bad_records().front();
      fail(ErrorKind::kInput,
           concat("record ", bad.number, ", byte ", bad.byte, ": ", bad.message));
    }
    report_skipped(path, *index);
    report_unread_keys(path, index->traits());
    return ExampleFile(std::move(file), std::move(table), *std::move(index));
  });
}

std::string ExampleFile::place_of(std::int64_t i) const {
  return concat(file_.path(), ": record ", number_in_file(index_, i), ", byte ", index_.offset(i));
}

Example ExampleFile::read(std::int64_t i) const {
  thread_local JsonRecordParser parser;
  const std::string_view bytes = file_.bytes();
  const std::uint64_t offset = index_.offset(i);
  try {
    if (offset >= bytes.size()) fail(ErrorKind::kInput, "the index is damaged; delete it");
    if (table_) {
      std::size_t at = offset;
      return parse_example(parser, &*table_, index_.traits().form,
                           next_line(bytes, at).value_or(""));
    }
    const std::string_view rest = bytes.substr(offset);
    return parse_example(parser, nullptr, index_.traits().form,
                         rest.substr(0, object_length(rest)));
  } catch (Error& error) {
    error.within(place_of(i));
    throw;
  }
}

}  // namespace sbert
