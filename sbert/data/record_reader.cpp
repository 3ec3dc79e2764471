#include "sbert/data/record_reader.h"

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/data/record_file.h"

namespace sbert {

void for_each_record(
    const std::filesystem::path& path,
    const std::function<void(std::int64_t line, const VisitFields& fields)>& visit) {
  const RecordFile file(path);
  if (file.format() == InputFormat::kText && !file.bytes().empty()) {
    fail(ErrorKind::kInput,
         concat(path,
                ": must be JSON objects (.jsonl, .ndjson, .json) or a table whose first line "
                "names the columns (.tsv, .csv)"));
  }
  RecordWalk walk(file);
  bool has_record = false;
  while (walk.next()) {
    has_record = true;
    walk.at_line([&] {
      visit(walk.line(), [&](const VisitValue& field) { file.visit(walk.record(), field); });
    });
  }
  if (!has_record) fail(ErrorKind::kInput, concat(path, ": holds no record"));
}

}  // namespace sbert
