#include "sbert/data/record_file.h"

#include <algorithm>

#include "sbert/data/json_record.h"
#include "sbert/data/line_file.h"
#include "sbert/data/plain_value.h"
#include "sbert/data/record_scanner.h"
#include "sbert/data/utf8_check.h"

namespace sbert {
namespace {

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

// The bytes up to the line feed.
std::string_view line_at(std::string_view bytes, std::size_t at) {
  const std::string_view rest = bytes.substr(at);
  return rest.substr(0, rest.find('\n'));
}

std::string_view without_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

RecordFile::RecordFile(const std::string& path, std::optional<InputFormat> format)
    : file_(path), format_(format ? *format : find_format(file_)) {
  const bool is_table = format_ == InputFormat::kCsv || format_ == InputFormat::kTsv;
  if (is_table && is_blank(bytes())) fail(ErrorKind::kInput, concat(name(), ": the file is empty"));
  within(concat(name(), ": line 1"), [&] {
    if (format_ == InputFormat::kCsv) csv_.emplace(bytes());
    if (format_ == InputFormat::kTsv) tsv_.emplace(bytes());
  });
}

bool RecordFile::has_lines() const {
  return format_ == InputFormat::kText ||
         (format_ == InputFormat::kJson && !stripped(bytes()).starts_with('['));
}

void RecordFile::visit(std::string_view record, const VisitValue& visit) const {
  switch (format_) {
    case InputFormat::kText: {
      check_line_length(record);
      check_utf8(record, "line");
      PlainValue line(record);
      return visit("text", line);
    }
    case InputFormat::kJson: {
      thread_local JsonRecordParser parser;
      check_utf8(record, "record");
      return parser.parse(record, visit);
    }
    case InputFormat::kCsv: {
      CsvTable table = csv_->rows_of(record);
      table.next();
      return table.visit_fields(visit);
    }
    case InputFormat::kTsv:
      check_line_length(record);
      return tsv_->parse(record, visit);
  }
}

std::string_view RecordFile::record_at(std::uint64_t offset) const {
  const std::string_view rest = bytes().substr(offset);
  if (format_ == InputFormat::kJson) return rest.substr(0, object_length(rest));
  if (format_ == InputFormat::kCsv) {
    CsvTable table = csv_->rows_of(rest);
    table.next();
    return table.row();
  }
  return without_return(line_at(rest, 0));
}

class RecordWalk::Finder {
 public:
  virtual ~Finder() = default;
  virtual std::optional<std::string_view> next() = 0;
  /// Of the last record, or of what is none.
  virtual std::int64_t line() = 0;
};

class RecordWalk::LineFinder : public Finder {
 public:
  LineFinder(std::string_view bytes, std::size_t first, bool skips_blank)
      : bytes_(bytes), at_(first), skips_blank_(skips_blank) {
    line_ = std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(first), '\n');
  }
  std::optional<std::string_view> next() override {
    while (at_ < bytes_.size()) {
      const std::string_view line = line_at(bytes_, at_);
      at_ = std::min(at_ + line.size() + 1, bytes_.size());
      ++line_;
      if (!skips_blank_ || !without_return(line).empty()) return without_return(line);
    }
    return std::nullopt;
  }
  std::int64_t line() override { return line_; }

 private:
  std::string_view bytes_;
  std::size_t at_;
  bool skips_blank_;
  std::int64_t line_;
};

class RecordWalk::JsonFinder : public Finder {
 public:
  explicit JsonFinder(std::string_view bytes) : scanner_(bytes), lines_(bytes) {}
  std::optional<std::string_view> next() override { return scanner_.next(); }
  std::int64_t line() override { return lines_.line_at(scanner_.place()); }

 private:
  RecordScanner scanner_;
  LineCounter lines_;
};

class RecordWalk::CsvFinder : public Finder {
 public:
  explicit CsvFinder(const CsvTable& table) : table_(table) {}
  std::optional<std::string_view> next() override {
    if (!table_.next()) return std::nullopt;
    return table_.row();
  }
  std::int64_t line() override { return table_.line(); }

 private:
  CsvTable table_;
};

RecordWalk::RecordWalk(const RecordFile& file) : file_(file) {
  if (file.csv()) {
    finder_ = std::make_unique<CsvFinder>(*file.csv());
  } else if (file.format() == InputFormat::kJson) {
    finder_ = std::make_unique<JsonFinder>(file.bytes());
  } else {
    const std::size_t first = file.tsv() ? file.tsv()->first_row() : 0;
    finder_ = std::make_unique<LineFinder>(file.bytes(), first, file.tsv().has_value());
  }
}

RecordWalk::~RecordWalk() = default;

bool RecordWalk::next() {
  try {
    const std::optional<std::string_view> record = finder_->next();
    record_ = record.value_or(std::string_view());
    return record.has_value();
  } catch (Error& error) {
    error.within(concat(file_.name(), ": line ", line()));
    throw;
  }
}

std::int64_t RecordWalk::line() const {
  return finder_->line();
}

}  // namespace sbert
