#include "sbert/data/training_examples.h"

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/data/json_record.h"
#include "sbert/data/record_scanner.h"

namespace sbert {
namespace {

Example parse_example(JsonRecordParser& parser, std::string_view object) {
  Example example;
  std::string_view question_key;
  bool has_pos_doc = false;
  parser.parse(object, [&](std::string_view key, JsonValue& value) {
    if (key == "question" || key == "query") {
      const std::string_view name = key == "query" ? "query" : "question";
      if (!question_key.empty() && question_key != name) {
        fail(ErrorKind::kInput, "a record must have a question or a query, not both");
      }
      question_key = name;
      example.question = value.string();
    } else if (key == "pos_doc") {
      has_pos_doc = true;
      example.pos_doc = value.strings();
      if (example.pos_doc.empty()) fail(ErrorKind::kInput, "must not be an empty list");
    } else if (key == "neg_doc") {
      example.neg_doc = value.strings();
    }
  });
  if (question_key.empty()) fail(ErrorKind::kInput, "question is missing");
  if (!has_pos_doc) fail(ErrorKind::kInput, "pos_doc is missing");
  return example;
}

}  // namespace

ExampleFile ExampleFile::open(const std::filesystem::path& path) {
  ExampleFile examples{MappedFile(path)};
  const std::string_view bytes = examples.file_.bytes();
  JsonRecordParser parser;
  within(path.native(), [&] {
    RecordScanner scanner(bytes);
    while (const auto record = scanner.next()) {
      try {
        parse_example(parser, *record);
      } catch (Error& error) {
        error.within(concat("record ", examples.size() + 1));
        throw;
      }
      examples.offsets_.push_back(static_cast<std::uint64_t>(record->data() - bytes.data()));
    }
    if (examples.size() == 0) fail(ErrorKind::kInput, "the file has no records");
  });
  return examples;
}

Example ExampleFile::read(std::int64_t i) const {
  if (i < 0 || i >= size()) {
    fail(ErrorKind::kInternal, concat("no record ", i, " in a file of ", size()));
  }
  thread_local JsonRecordParser parser;
  const std::string_view rest = file_.bytes().substr(offsets_[static_cast<std::size_t>(i)]);
  const std::string context = concat(file_.path(), ": record ", i + 1);
  return within(context,
                [&] { return parse_example(parser, rest.substr(0, object_length(rest))); });
}

}  // namespace sbert
