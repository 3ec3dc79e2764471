#include "sbert/embed/npy.h"

#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"

namespace sbert {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kAlignment = 64;

// As long for any number of rows.
std::string header(std::int64_t rows, std::int64_t columns) {
  std::string text =
      concat("{'descr': '<f4', 'fortran_order': False, 'shape': (", rows, ", ", columns, "), }");
  const std::size_t before = kMagic.size() + 4;
  text.append((kAlignment - (before + text.size() + 1) % kAlignment) % kAlignment, ' ');
  text += '\n';
  const auto length = static_cast<std::uint16_t>(text.size());
  std::string bytes = concat(kMagic, '\x01', '\x00');
  bytes.append(reinterpret_cast<const char*>(&length), sizeof length);
  return bytes + text;
}

[[noreturn]] void refuse(const std::filesystem::path& path, std::string_view why) {
  fail(ErrorKind::kInput, concat(path, ": not a float32 matrix in .npy form: ", why));
}

// The number after `from`, which is moved past it and the comma that follows.
std::int64_t read_dimension(std::string_view& from, const std::filesystem::path& path) {
  while (from.starts_with(' ') || from.starts_with(','))
    from.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(from.data(), from.data() + from.size(), value);
  if (error != std::errc() || value < 0) refuse(path, "the shape has not two dimensions");
  from.remove_prefix(static_cast<std::size_t>(end - from.data()));
  return value;
}

}  // namespace

void write_npy(const FloatMatrix& matrix, const std::filesystem::path& path) {
  NpyWriter writer(path, matrix.columns);
  writer.append(matrix);
  writer.commit();
}

NpyWriter::NpyWriter(const std::filesystem::path& path, std::int64_t columns)
    : file_(path), columns_(columns) {
  file_.write(header(0, columns));
}

void NpyWriter::append(const FloatMatrix& rows) {
  file_.write(
      {reinterpret_cast<const char*>(rows.values.data()), rows.values.size() * sizeof(float)});
  rows_ += rows.rows;
}

void NpyWriter::commit() {
  file_.write_at(0, header(rows_, columns_));
  file_.commit();
}

FloatMatrix read_npy(const std::filesystem::path& path) {
  const MappedFile file(path);
  const std::string_view bytes = file.bytes();
  if (!bytes.starts_with(kMagic) || bytes.size() < kMagic.size() + 6)
    refuse(path, "no .npy header");
  const bool is_first_version = bytes[kMagic.size()] == 1;
  const std::size_t length_size = is_first_version ? 2 : 4;
  std::uint32_t length = 0;
  std::memcpy(&length, bytes.data() + kMagic.size() + 2, length_size);
  const std::size_t start = kMagic.size() + 2 + length_size;
  if (bytes.size() - start < length) refuse(path, "the header is cut short");
  const std::string_view text = bytes.substr(start, length);
  if (text.find("'<f4'") == text.npos) refuse(path, "the values are not '<f4'");
  if (text.find("'fortran_order': False") == text.npos) refuse(path, "the order is Fortran's");
  const std::size_t shape = text.find("'shape': (");
  if (shape == text.npos) refuse(path, "no shape");
  std::string_view rest = text.substr(shape + std::string_view("'shape': (").size());
  const std::int64_t rows = read_dimension(rest, path);
  const std::int64_t columns = read_dimension(rest, path);

  const std::string_view values = bytes.substr(start + length);
  const auto available = static_cast<std::int64_t>(values.size() / sizeof(float));
  if (columns != 0 && rows > std::numeric_limits<std::int64_t>::max() / columns) {
    refuse(path, "the shape is too large");
  }
  if (rows * columns != available || values.size() % sizeof(float) != 0) {
    refuse(path,
           concat("the shape needs ", rows, " x ", columns, " values, the file has ", available));
  }
  FloatMatrix matrix(rows, columns);
  if (!values.empty()) std::memcpy(matrix.values.data(), values.data(), values.size());
  return matrix;
}

}  // namespace sbert
