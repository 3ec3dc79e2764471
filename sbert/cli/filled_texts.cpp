#include "sbert/cli/filled_texts.h"

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/log.h"

namespace sbert {

std::vector<TextRecord> read_filled_texts(const std::string& path,
                                          std::optional<InputFormat> format) {
  std::vector<TextRecord> records = read_text_records(path, format);
  const std::int64_t blank = drop_blank_texts(records);
  const std::string name = path == "-" ? "stdin" : path;
  if (blank > 0) log_warning(concat(name, ": blank texts, left out: ", blank));
  if (records.empty()) fail(ErrorKind::kInput, concat(name, ": no texts"));
  return records;
}

}  // namespace sbert
