#include "sbert/data/text_object.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

void check_columns(const TextFile& file) {
  const std::vector<std::string>* columns = nullptr;
  if (file.csv()) columns = &file.csv()->columns();
  if (file.tsv()) columns = &file.tsv()->columns();
  if (columns == nullptr || std::find(columns->begin(), columns->end(), "text") != columns->end()) {
    return;
  }
  std::string names;
  for (const std::string& name : *columns)
    names += concat(names.empty() ? "" : ", ", name);
  constexpr std::size_t kMostShown = 200;
  fail(ErrorKind::kInput,
       concat(file.name(),
              ": line 1: the first line of a table must name the columns, of which "
              "\"text\" is one (\"_id\" or \"id\" and \"title\" may be others); it has: ",
              names.substr(0, kMostShown)));
}

}  // namespace

TextFile::TextFile(const std::string& path, std::optional<InputFormat> format)
    : RecordFile(path, format) {
  check_columns(*this);
}

TextObject TextFile::read(std::string_view record) const {
  TextObject object;
  std::optional<std::string> text;
  std::optional<std::string> beir_id;
  visit(record, [&](std::string_view key, RecordValue& value) {
    if (key == "text") {
      text = value.string();
    } else if (key == "title") {
      object.title = value.is_null() ? std::string() : value.string();
    } else if (key == "_id") {
      beir_id = value.id();
    } else if (key == "id") {
      object.id = value.id();
    }
  });
  if (!text) fail(ErrorKind::kInput, "text is missing");
  if (beir_id) object.id = std::move(beir_id);
  object.text = *std::move(text);
  return object;
}

std::string TextObject::titled_text() && {
  return title.empty() ? std::move(text) : concat(title, ' ', text);
}

std::string required_id(TextObject&& object) {
  if (!object.id) fail(ErrorKind::kInput, "_id is missing");
  if (object.id->empty()) fail(ErrorKind::kInput, "_id is empty");
  return *std::move(object.id);
}

}  // namespace sbert
