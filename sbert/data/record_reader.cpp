#include "sbert/data/record_reader.h"

#include <algorithm>
#include <string_view>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/data/csv_table.h"
#include "sbert/data/json_record.h"
#include "sbert/data/record_scanner.h"
#include "sbert/data/tsv_table.h"

namespace sbert {
namespace {

using VisitRecord = std::function<void(std::int64_t line, const VisitFields& fields)>;

// Counts lines up to places that only grow.
class LineCounter {
 public:
  explicit LineCounter(std::string_view bytes) : bytes_(bytes) {}

  std::int64_t line_at(std::size_t place) {
    const std::string_view passed = bytes_.substr(place_, place - place_);
    line_ += std::count(passed.begin(), passed.end(), '\n');
    place_ = std::max(place_, std::min(place, bytes_.size()));
    return line_;
  }

 private:
  std::string_view bytes_;
  std::size_t place_ = 0;
  std::int64_t line_ = 1;
};

std::int64_t read_tsv(std::string_view bytes, const VisitRecord& visit) {
  const TsvTable table(bytes);
  LineCounter lines(bytes);
  std::int64_t records = 0;
  std::size_t at = table.first_row();
  while (const auto row = next_line(bytes, at)) {
    const std::int64_t line = lines.line_at(static_cast<std::size_t>(row->data() - bytes.data()));
    within(concat("line ", line),
           [&] { visit(line, [&](const VisitValue& field) { table.parse(*row, field); }); });
    ++records;
  }
  return records;
}

// Calls read_one() until it says that there is no more. line() is where it is.
template <typename ReadOne, typename Line>
std::int64_t read_all(const ReadOne& read_one, const Line& line) {
  std::int64_t records = 0;
  try {
    while (read_one())
      ++records;
  } catch (Error& error) {
    error.within(concat("line ", line()));
    throw;
  }
  return records;
}

std::int64_t read_csv(std::string_view bytes, const VisitRecord& visit) {
  CsvTable table = within("line 1", [&] { return CsvTable(bytes); });
  const auto read_one = [&] {
    if (!table.next()) return false;
    visit(table.line(), [&](const VisitValue& field) { table.visit_fields(field); });
    return true;
  };
  return read_all(read_one, [&] { return table.line(); });
}

std::int64_t read_json(std::string_view bytes, const VisitRecord& visit) {
  RecordScanner scanner(bytes);
  JsonRecordParser parser;
  LineCounter lines(bytes);
  const auto line = [&] { return lines.line_at(scanner.place()); };
  const auto read_one = [&] {
    const std::optional<std::string_view> record = scanner.next();
    if (!record) return false;
    visit(line(), [&](const VisitValue& field) { parser.parse(*record, field); });
    return true;
  };
  return read_all(read_one, line);
}

}  // namespace

void for_each_record(const std::filesystem::path& path, const VisitRecord& visit) {
  const MappedFile file(path);
  within(path.native(), [&] {
    const auto read = path.extension() == ".tsv"   ? read_tsv
                      : path.extension() == ".csv" ? read_csv
                                                   : read_json;
    if (read(file.bytes(), visit) == 0) fail(ErrorKind::kInput, "holds no record");
  });
}

}  // namespace sbert
