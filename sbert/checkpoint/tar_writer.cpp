#include "sbert/checkpoint/tar_writer.h"

#include <cstdio>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

constexpr std::size_t kBlockBytes = 512;
constexpr std::size_t kMaxNameBytes = 99;
constexpr std::uint64_t kMaxOctalSize = (1ULL << 33) - 1;

void put(std::string& header, std::size_t offset, std::string_view field) {
  header.replace(offset, field.size(), field);
}

std::string octal(std::uint64_t value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%0*llo", digits, static_cast<unsigned long long>(value));
  return text;
}

// A header of POSIX.1-1988 (ustar). A size of 8 GiB or more stands in binary, as GNU tar writes it
// and Python's tarfile reads it.
std::string ustar_header(std::string_view name, std::uint64_t size) {
  std::string header(kBlockBytes, '\0');
  put(header, 0, name);
  put(header, 100, "0000644");
  put(header, 108, "0000000");
  put(header, 116, "0000000");
  if (size <= kMaxOctalSize) {
    put(header, 124, octal(size, 11));
  } else {
    header[124] = '\x80';
    for (std::size_t i = 0; i < 8; ++i) {
      header[135 - i] = static_cast<char>(size >> (8 * i) & 0xFF);
    }
  }
  put(header, 136, "00000000000");
  put(header, 148, "        ");
  put(header, 156, "0");
  put(header, 257, std::string_view("ustar\00000", 8));
  std::uint64_t checksum = 0;
  for (const char c : header)
    checksum += static_cast<unsigned char>(c);
  put(header, 148, octal(checksum, 6) + std::string("\0 ", 2));
  return header;
}

std::string padding(std::uint64_t size) {
  return std::string((kBlockBytes - size % kBlockBytes) % kBlockBytes, '\0');
}

}  // namespace

void TarWriter::add(std::string_view name, std::string_view bytes) {
  begin_member(name);
  write(bytes);
  end_member();
}

void TarWriter::begin_member(std::string_view name) {
  if (name.size() > kMaxNameBytes) {
    fail(ErrorKind::kInternal, concat("name is too long for a tar member: ", name));
  }
  member_name_ = name;
  member_offset_ = written_;
  write(std::string(kBlockBytes, '\0'));
}

void TarWriter::write(std::string_view bytes) {
  file_.write(bytes);
  written_ += bytes.size();
}

void TarWriter::end_member() {
  const std::uint64_t size = written_ - member_offset_ - kBlockBytes;
  write(padding(size));
  file_.write_at(member_offset_, ustar_header(member_name_, size));
}

void TarWriter::finish() {
  write(std::string(2 * kBlockBytes, '\0'));
}

}  // namespace sbert
