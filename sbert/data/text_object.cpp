#include "sbert/data/text_object.h"

#include <functional>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

TextObject read_members(const std::function<void(const VisitValue& visit)>& visit_members) {
  TextObject object;
  std::optional<std::string> text;
  std::optional<std::string> beir_id;
  visit_members([&](std::string_view key, RecordValue& value) {
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

}  // namespace

std::string TextObject::titled_text() && {
  return title.empty() ? std::move(text) : concat(title, ' ', text);
}

TextObject parse_text_object(JsonRecordParser& parser, std::string_view object) {
  return read_members([&](const VisitValue& visit) { parser.parse(object, visit); });
}

TextObject parse_text_object(const TsvTable& table, std::string_view line) {
  return read_members([&](const VisitValue& visit) { table.parse(line, visit); });
}

std::string required_id(TextObject&& object) {
  if (!object.id) fail(ErrorKind::kInput, "_id is missing");
  if (object.id->empty()) fail(ErrorKind::kInput, "_id is empty");
  return *std::move(object.id);
}

}  // namespace sbert
