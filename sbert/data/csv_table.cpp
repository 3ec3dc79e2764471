#include "sbert/data/csv_table.h"

#include <algorithm>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/data/byte_order_mark.h"
#include "sbert/data/plain_value.h"
#include "sbert/data/utf8_check.h"

namespace sbert {
namespace {

// So that a quote that is never closed does not make one row of a large file.
constexpr std::size_t kMaxRowBytes = 64U << 20;

}  // namespace

CsvTable::CsvTable(std::string_view bytes) : bytes_(bytes), at_(byte_order_mark_size(bytes)) {
  if (!read_row()) fail(ErrorKind::kInput, "the file is empty");
  columns_ = std::move(fields_);
  for (auto name = columns_.begin(); name != columns_.end(); ++name) {
    if (std::find(columns_.begin(), name, *name) != name) {
      fail(ErrorKind::kInput, concat("two columns have the same name: ", *name));
    }
  }
}

bool CsvTable::next() {
  if (!read_row()) return false;
  if (fields_.size() != columns_.size()) {
    fail(ErrorKind::kInput, concat("the row must have as many fields as the first one names (",
                                   columns_.size(), "): ", fields_.size()));
  }
  return true;
}

void CsvTable::visit_fields(const VisitValue& visit) const {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    PlainValue value(fields_[i]);
    within(columns_[i], [&] { visit(columns_[i], value); });
  }
}

CsvTable CsvTable::rows_of(std::string_view bytes) const {
  CsvTable table(*this);
  table.bytes_ = bytes;
  table.at_ = 0;
  return table;
}

bool CsvTable::read_row() {
  while (at_ < bytes_.size() && (bytes_[at_] == '\n' || bytes_.substr(at_, 2) == "\r\n")) {
    at_ += bytes_[at_] == '\n' ? 1 : 2;
    ++next_line_;
  }
  if (at_ == bytes_.size()) return false;
  const std::size_t begin = at_;
  line_ = next_line_;
  fields_.clear();
  while (true) {
    fields_.push_back(read_field());
    if (at_ == bytes_.size()) break;
    const char separator = bytes_[at_++];
    if (separator == '\n') break;
  }
  row_ = bytes_.substr(begin, at_ - begin);
  next_line_ = line_ + std::count(row_.begin(), row_.end(), '\n');
  check_utf8(row_, "record");
  return true;
}

// Leaves at_ at the comma or line feed after the field, or at the end of the file.
std::string CsvTable::read_field() {
  if (at_ < bytes_.size() && bytes_[at_] == '"') return read_quoted();
  const std::size_t end = std::min(bytes_.find_first_of(",\n", at_), bytes_.size());
  std::string_view field = bytes_.substr(at_, end - at_);
  if (field.size() > kMaxRowBytes) fail(ErrorKind::kInput, "a field is longer than 64 MiB");
  if ((end == bytes_.size() || bytes_[end] == '\n') && field.ends_with('\r'))
    field.remove_suffix(1);
  if (field.find('"') != std::string_view::npos) {
    fail(ErrorKind::kInput, "a quote within a field that does not begin with one");
  }
  at_ = end;
  return std::string(field);
}

std::string CsvTable::read_quoted() {
  std::string field;
  const std::size_t begin = at_++;
  while (true) {
    const std::size_t quote = bytes_.find('"', at_);
    if (quote == std::string_view::npos) fail(ErrorKind::kInput, "a quoted field does not end");
    if (quote - begin > kMaxRowBytes) fail(ErrorKind::kInput, "a field is longer than 64 MiB");
    field += bytes_.substr(at_, quote - at_);
    at_ = quote + 1;
    if (at_ == bytes_.size() || bytes_[at_] != '"') break;
    field += '"';
    ++at_;
  }
  if (bytes_.substr(at_, 2) == "\r\n" || bytes_.substr(at_) == "\r") ++at_;
  if (at_ < bytes_.size() && bytes_[at_] != ',' && bytes_[at_] != '\n') {
    fail(ErrorKind::kInput, "text after the closing quote of a field");
  }
  return field;
}

}  // namespace sbert
