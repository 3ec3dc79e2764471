#include "sbert/checkpoint/tar_archive.h"

#include <memory>

#include <archive.h>
#include <archive_entry.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/file_content.h"

namespace sbert {
namespace {

constexpr std::size_t kMaxMembers = 100'000;
constexpr std::uint64_t kMaxUnpackedBytes = 256ULL << 20;
constexpr std::uint64_t kMaxExpansion = 16;

[[noreturn]] void fail_archive(archive* reader, std::string_view bytes) {
  const char* reason = archive_error_string(reader);
  fail(ErrorKind::kInput,
       concat("not a tar archive, or damaged: ", reason != nullptr ? reason : "unknown reason",
              "; it begins like ", content_name(bytes)));
}

// "./weights/x" as "weights/x".
std::string normalized(const std::string& name) {
  const std::filesystem::path path(name);
  if (path.is_absolute()) fail(ErrorKind::kInput, concat("member name is absolute: ", name));
  for (const auto& part : path) {
    if (part == "..") fail(ErrorKind::kInput, concat("member name leaves the archive: ", name));
  }
  return path.lexically_normal().native();
}

}  // namespace

TarArchive::TarArchive(const std::filesystem::path& path)
    : file_(path), bytes_left_(kMaxUnpackedBytes + kMaxExpansion * file_.bytes().size()) {
  const std::unique_ptr<archive, int (*)(archive*)> reader(archive_read_new(), archive_read_free);
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_format_tar(reader.get());
  within(path.native(), [&] {
    const std::string_view bytes = file_.bytes();
    refuse_stand_in(bytes);
    if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) {
      fail_archive(reader.get(), bytes);
    }
    read(reader.get());
  });
}

void TarArchive::read(::archive* reader) {
  archive_entry* entry = nullptr;
  std::size_t num_entries = 0;
  while (true) {
    const int status = archive_read_next_header(reader, &entry);
    if (status == ARCHIVE_EOF) return;
    if (status != ARCHIVE_OK) fail_archive(reader, file_.bytes());
    if (++num_entries > kMaxMembers) {
      fail(ErrorKind::kInput, concat("more than ", kMaxMembers, " members"));
    }
    const char* raw_name = archive_entry_pathname(entry);
    if (raw_name == nullptr) fail(ErrorKind::kInput, "a member has no name");
    const std::string name = normalized(raw_name);
    const auto type = archive_entry_filetype(entry);
    if (type == AE_IFDIR) continue;
    if (type != AE_IFREG || archive_entry_hardlink(entry) != nullptr ||
        archive_entry_sparse_count(entry) != 0) {
      fail(ErrorKind::kInput, concat("member is not a regular file: ", name));
    }
    if (members_.contains(name)) {
      fail(ErrorKind::kInput, concat("duplicate member: ", name));
    }
    members_[name] = read_member(reader, name);
  }
}

std::string_view TarArchive::read_member(::archive* reader, const std::string& name) {
  const char* const file_begin = file_.bytes().data();
  const char* const file_end = file_begin + file_.bytes().size();
  std::string_view mapped;
  std::string copied;
  while (true) {
    const void* block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int status = archive_read_data_block(reader, &block, &size, &offset);
    if (status == ARCHIVE_EOF) break;
    if (status != ARCHIVE_OK) fail_archive(reader, file_.bytes());
    const auto* bytes = static_cast<const char*>(block);
    // Without a filter, libarchive hands out the mapping itself, one block after the other.
    if (copied.empty() && bytes >= file_begin && bytes < file_end &&
        (mapped.empty() || bytes == mapped.data() + mapped.size())) {
      mapped = {mapped.empty() ? bytes : mapped.data(), mapped.size() + size};
      continue;
    }
    if (size > bytes_left_) {
      fail(ErrorKind::kInput, concat("unpacks to more than 256 MiB + ", kMaxExpansion,
                                     " times the archive's size, at member ", name));
    }
    bytes_left_ -= size;
    copied.append(bytes, size);
  }
  if (copied.empty()) return mapped;
  return unpacked_[name] = std::string(mapped) + copied;
}

}  // namespace sbert
