#include "sbert/data/json_record.h"

#include <cstring>

#include <simdjson.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

namespace ondemand = simdjson::ondemand;

template <typename Result>
auto checked(Result&& result) {
  if (const simdjson::error_code error = result.error()) {
    fail(ErrorKind::kInput, concat("not valid JSON: ", simdjson::error_message(error)));
  }
  return std::forward<Result>(result).value_unsafe();
}

std::string_view type_name(ondemand::json_type type) {
  switch (type) {
    case ondemand::json_type::array:
      return "a list";
    case ondemand::json_type::object:
      return "an object";
    case ondemand::json_type::number:
      return "a number";
    case ondemand::json_type::string:
      return "a string";
    case ondemand::json_type::boolean:
      return "true or false";
    case ondemand::json_type::null:
      return "null";
  }
  return "something else";
}

std::string string_of(ondemand::value& value, std::string_view right) {
  const ondemand::json_type type = checked(value.type());
  if (type != ondemand::json_type::string) {
    fail(ErrorKind::kInput, concat("must be ", right, ": found ", type_name(type)));
  }
  return std::string(checked(value.get_string()));
}

std::string id_of(ondemand::value& value, std::string_view right) {
  if (checked(value.type()) != ondemand::json_type::number) return string_of(value, right);
  ondemand::number number = checked(value.get_number());
  if (number.is_int64()) return concat(number.get_int64());
  if (number.is_uint64()) return concat(number.get_uint64());
  fail(ErrorKind::kInput, concat("must be ", right, ": found a number with a fraction"));
}

double number_of(ondemand::value& value, std::string_view right) {
  const ondemand::json_type type = checked(value.type());
  if (type != ondemand::json_type::number) {
    fail(ErrorKind::kInput, concat("must be ", right, ": found ", type_name(type)));
  }
  return checked(value.get_double());
}

class OnDemandValue : public RecordValue {
 public:
  explicit OnDemandValue(ondemand::value value) : value_(value) {}

  bool is_null() override { return checked(value_.type()) == ondemand::json_type::null; }
  std::string string() override { return string_of(value_, "a string"); }

  std::vector<std::string> strings() override {
    return list_of<std::string>(string_of, "a string or a list of strings", "a list of strings");
  }

  std::string id() override { return id_of(value_, "a string or an integer"); }

  std::vector<std::string> ids() override {
    return list_of<std::string>(id_of, "a string, an integer or a list of them",
                                "a list of strings or integers");
  }

  std::string scalar() override {
    if (checked(value_.type()) != ondemand::json_type::number) {
      return string_of(value_, "a string or a number");
    }
    std::string_view token = value_.raw_json_token();
    const std::size_t end = token.find_first_of(" \t\r\n,}]");
    number_of(value_, "a number");  // refuses what only begins like one
    return std::string(token.substr(0, end));
  }

  std::vector<double> numbers() override {
    return list_of<double>(number_of, "a number or a list of numbers", "a list of numbers");
  }

 private:
  template <typename Item, typename Read>
  std::vector<Item> list_of(Read read, std::string_view right, std::string_view list) {
    if (checked(value_.type()) != ondemand::json_type::array) return {read(value_, right)};
    std::vector<Item> items;
    ondemand::array array = checked(value_.get_array());
    for (auto item : array) {
      ondemand::value element = checked(item);
      items.push_back(read(element, list));
    }
    return items;
  }

  ondemand::value value_;
};

}  // namespace

struct JsonRecordParser::State {
  ondemand::parser parser;
  std::vector<char> buffer;  // the object, and the padding that simdjson may read beyond it
};

JsonRecordParser::JsonRecordParser() : state_(std::make_unique<State>()) {}
JsonRecordParser::~JsonRecordParser() = default;

void JsonRecordParser::parse(std::string_view object, const VisitValue& visit) {
  std::vector<char>& buffer = state_->buffer;
  const std::size_t capacity = object.size() + simdjson::SIMDJSON_PADDING;
  if (buffer.size() < capacity) buffer.resize(capacity);
  std::memcpy(buffer.data(), object.data(), object.size());
  std::memset(buffer.data() + object.size(), ' ', simdjson::SIMDJSON_PADDING);

  ondemand::document document =
      checked(state_->parser.iterate(buffer.data(), object.size(), buffer.size()));
  ondemand::object members = checked(document.get_object());
  for (auto member : members) {
    ondemand::field field = checked(std::move(member));
    const std::string_view key = checked(field.unescaped_key());
    OnDemandValue value(field.value());
    within(key, [&] { visit(key, value); });
  }
  const auto location = document.current_location();
  if (location.error() == simdjson::SUCCESS) fail(ErrorKind::kInput, "text after the object");
}

}  // namespace sbert
