#include "sbert/checkpoint/safetensors_header.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

constexpr std::array<std::pair<std::string_view, ElementType>, 10> kTypes = {{
    {"F32", ElementType::kFloat32},
    {"F16", ElementType::kFloat16},
    {"BF16", ElementType::kBFloat16},
    {"F64", ElementType::kFloat64},
    {"I64", ElementType::kInt64},
    {"I32", ElementType::kInt32},
    {"I16", ElementType::kInt16},
    {"I8", ElementType::kInt8},
    {"U8", ElementType::kUInt8},
    {"BOOL", ElementType::kBool},
}};

ElementType type_from_name(std::string_view name) {
  for (const auto& [known, type] : kTypes) {
    if (known == name) return type;
  }
  return ElementType::kOther;
}

std::string_view name_of_type(ElementType type) {
  for (const auto& [name, known] : kTypes) {
    if (known == type) return name;
  }
  fail(ErrorKind::kInternal, concat("safetensors cannot hold the type ", element_type_name(type)));
}

// Builds the header while the JSON is read, so that no document tree stands in memory, nesting is
// bounded, and a duplicate name is seen.
class HeaderBuilder : public nlohmann::json_sax<nlohmann::json> {
 public:
  SafetensorsHeader take() { return std::move(header_); }

  bool null() override { return unexpected("null"); }
  bool boolean(bool) override { return unexpected("a boolean"); }
  bool number_float(double, const std::string&) override { return unexpected("a fraction"); }
  bool binary(binary_t&) override { return unexpected("binary data"); }
  bool number_integer(std::int64_t) override { return unexpected("a negative number"); }

  bool number_unsigned(std::uint64_t value) override {
    if (place_ == Place::kShape) {
      if (value > INT64_MAX) return unexpected("a size that is too large");
      if (entry_.shape.size() == kMaxTensorDimensions) {
        fail_entry(concat("has more than ", kMaxTensorDimensions, " dimensions"));
      }
      entry_.shape.push_back(static_cast<std::int64_t>(value));
      return true;
    }
    if (place_ != Place::kOffsets) return unexpected("a number");
    if (num_offsets_ == 2) fail_entry("data_offsets must be two numbers");
    (num_offsets_ == 0 ? entry_.begin : entry_.end) = value;
    ++num_offsets_;
    return true;
  }

  bool string(std::string& value) override {
    if (place_ == Place::kMetadata) {
      if (!header_.metadata.emplace(key_, value).second) {
        fail(ErrorKind::kInput, concat("__metadata__: duplicate key: ", key_));
      }
      return true;
    }
    if (place_ != Place::kTensor || key_ != "dtype") return unexpected("a string");
    entry_.type = type_from_name(value);
    if (entry_.type == ElementType::kOther) entry_.other_type = value;
    return true;
  }

  bool start_object(std::size_t) override {
    if (place_ == Place::kStart) {
      place_ = Place::kNames;
    } else if (place_ == Place::kNames && key_ == "__metadata__") {
      if (std::exchange(has_metadata_, true)) fail(ErrorKind::kInput, "duplicate __metadata__");
      place_ = Place::kMetadata;
    } else if (place_ == Place::kNames) {
      start_entry();
    } else {
      return unexpected("an object");
    }
    return true;
  }

  bool key(std::string& value) override {
    key_ = value;
    if (place_ != Place::kTensor) return true;
    const bool is_known = value == "dtype" || value == "shape" || value == "data_offsets";
    if (!is_known) fail_entry(concat("has an unknown key: ", value));
    if (!seen_keys_.insert(value).second) fail_entry(concat("duplicate key: ", value));
    return true;
  }

  bool end_object() override {
    if (place_ == Place::kTensor) end_entry();
    place_ = place_ == Place::kNames ? Place::kEnd : Place::kNames;
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ == Place::kTensor && key_ == "shape") {
      place_ = Place::kShape;
    } else if (place_ == Place::kTensor && key_ == "data_offsets") {
      place_ = Place::kOffsets;
    } else {
      return unexpected("an array");
    }
    return true;
  }

  bool end_array() override {
    place_ = Place::kTensor;
    return true;
  }

  bool parse_error(std::size_t position,
                   const std::string&,
                   const nlohmann::detail::exception&) override {
    fail(ErrorKind::kInput, concat("header is not valid JSON at byte ", position));
  }

 private:
  enum class Place { kStart, kNames, kMetadata, kTensor, kShape, kOffsets, kEnd };

  [[noreturn]] void fail_entry(std::string_view what) const {
    fail(ErrorKind::kInput, concat("tensor ", entry_.name, ": ", what));
  }

  [[noreturn]] bool unexpected(std::string_view what) const {
    const bool is_in_entry = place_ >= Place::kTensor && place_ != Place::kEnd;
    const std::string name = is_in_entry ? concat("tensor ", entry_.name, ": ", key_) : key_;
    fail(ErrorKind::kInput, concat(name.empty() ? "header" : name, ": cannot be ", what));
  }

  void start_entry() {
    if (header_.tensors.size() == kMaxSafetensorsTensors) {
      fail(ErrorKind::kInput, concat("more than ", kMaxSafetensorsTensors, " tensors"));
    }
    entry_ = SafetensorsEntry{};
    entry_.name = key_;
    num_offsets_ = 0;
    seen_keys_.clear();
    if (!names_.insert(key_).second) fail_entry("duplicate name");
    place_ = Place::kTensor;
  }

  void end_entry() {
    if (!seen_keys_.contains("dtype")) fail_entry("dtype is missing");
    if (!seen_keys_.contains("shape")) fail_entry("shape is missing");
    if (num_offsets_ != 2) fail_entry("data_offsets must be two numbers");
    header_.tensors.push_back(std::move(entry_));
  }

  SafetensorsHeader header_;
  Place place_ = Place::kStart;
  std::string key_;
  bool has_metadata_ = false;
  SafetensorsEntry entry_;
  int num_offsets_ = 0;
  std::set<std::string> seen_keys_;
  std::set<std::string> names_;
};

void check_layout(const std::vector<SafetensorsEntry>& tensors, std::uint64_t data_bytes) {
  std::uint64_t expected_begin = 0;
  for (const SafetensorsEntry& entry : tensors) {
    const auto fail_entry = [&](std::string_view what) {
      fail(ErrorKind::kInput, concat("tensor ", entry.name, ": ", what));
    };
    if (entry.begin > entry.end || entry.end > data_bytes) {
      fail_entry(concat("bytes ", entry.begin, " to ", entry.end, " are outside of the data of ",
                        data_bytes, " bytes"));
    }
    if (entry.begin != expected_begin) {
      fail_entry(concat(entry.begin < expected_begin ? "overlaps the tensor before it"
                                                     : "does not follow the tensor before it",
                        ": begins at byte ", entry.begin, ", expected ", expected_begin));
    }
    expected_begin = entry.end;
    if (entry.type == ElementType::kOther) continue;
    const std::optional<std::uint64_t> bytes = tensor_bytes(entry.shape, entry.type);
    if (!bytes) fail_entry("shape is too large");
    if (*bytes != entry.end - entry.begin) {
      fail_entry(
          concat("shape takes ", *bytes, " bytes, the offsets say ", entry.end - entry.begin));
    }
  }
  if (expected_begin != data_bytes) {
    fail(ErrorKind::kInput,
         concat(data_bytes - expected_begin, " bytes after the last tensor belong to none"));
  }
}

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view json, std::uint64_t data_bytes) {
  HeaderBuilder builder;
  nlohmann::json::sax_parse(json, &builder);
  SafetensorsHeader header = builder.take();
  std::stable_sort(header.tensors.begin(), header.tensors.end(), [](const auto& a, const auto& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  check_layout(header.tensors, data_bytes);
  return header;
}

std::string format_safetensors_header(const SafetensorsHeader& header) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  if (!header.metadata.empty()) json["__metadata__"] = header.metadata;
  for (const SafetensorsEntry& entry : header.tensors) {
    // push_back, since operator[] looks through all names before it.
    json.get_ref<nlohmann::ordered_json::object_t&>().push_back(
        {entry.name,
         {{"dtype", name_of_type(entry.type)},
          {"shape", entry.shape},
          {"data_offsets", {entry.begin, entry.end}}}});
  }
  std::string text;
  try {
    text = json.dump();
  } catch (const nlohmann::json::type_error&) {
    fail(ErrorKind::kInput, "a tensor's name or a metadata value is not valid UTF-8");
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

}  // namespace sbert
