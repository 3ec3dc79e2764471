#include "sbert/data/tsv_table.h"

#include <algorithm>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/data/byte_order_mark.h"
#include "sbert/data/plain_value.h"
#include "sbert/data/utf8_check.h"

namespace sbert {
namespace {

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> fields;
  while (true) {
    const std::size_t tab = line.find('\t');
    fields.push_back(line.substr(0, tab));
    if (tab == std::string_view::npos) return fields;
    line.remove_prefix(tab + 1);
  }
}

}  // namespace

TsvTable::TsvTable(std::string_view bytes) : first_row_(byte_order_mark_size(bytes)) {
  const auto header = next_line(bytes, first_row_);
  if (!header) fail(ErrorKind::kInput, "the file is empty");
  check_utf8(*header, "line");
  for (const std::string_view name : split(*header)) {
    if (std::find(columns_.begin(), columns_.end(), name) != columns_.end()) {
      fail(ErrorKind::kInput, concat("two columns have the same name: ", name));
    }
    columns_.emplace_back(name);
  }
}

void TsvTable::parse(std::string_view line, const VisitValue& visit) const {
  check_utf8(line, "line");
  const std::vector<std::string_view> fields = split(line);
  if (fields.size() != columns_.size()) {
    fail(ErrorKind::kInput, concat("the line must have as many fields as the first one names (",
                                   columns_.size(), "): ", fields.size()));
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    PlainValue value(fields[i]);
    within(columns_[i], [&] { visit(columns_[i], value); });
  }
}

std::optional<std::string_view> next_line(std::string_view bytes, std::size_t& at) {
  while (at < bytes.size()) {
    const std::size_t end = std::min(bytes.find('\n', at), bytes.size());
    std::string_view line = bytes.substr(at, end - at);
    at = std::min(end + 1, bytes.size());
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) return line;
  }
  return std::nullopt;
}

}  // namespace sbert
