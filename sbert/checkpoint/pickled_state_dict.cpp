#include "sbert/checkpoint/pickled_state_dict.h"

#include <array>
#include <concepts>
#include <optional>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/checkpoint/pickle_reader.h"

namespace sbert {
namespace {

constexpr std::array<std::pair<std::string_view, ElementType>, 10> kStorageTypes = {{
    {"torch FloatStorage", ElementType::kFloat32},
    {"torch DoubleStorage", ElementType::kFloat64},
    {"torch HalfStorage", ElementType::kFloat16},
    {"torch BFloat16Storage", ElementType::kBFloat16},
    {"torch LongStorage", ElementType::kInt64},
    {"torch IntStorage", ElementType::kInt32},
    {"torch ShortStorage", ElementType::kInt16},
    {"torch CharStorage", ElementType::kInt8},
    {"torch ByteStorage", ElementType::kUInt8},
    {"torch BoolStorage", ElementType::kBool},
}};

constexpr std::array<std::string_view, 3> kFunctions = {
    "collections OrderedDict",
    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_parameter",
};

constexpr auto kAllowedGlobals = [] {
  std::array<std::string_view, kFunctions.size() + kStorageTypes.size()> names;
  std::size_t next = 0;
  for (const std::string_view name : kFunctions)
    names[next++] = name;
  for (const auto& [name, type] : kStorageTypes)
    names[next++] = name;
  return names;
}();

constexpr std::size_t kMaxDimensions = 64;

std::optional<ElementType> storage_type(std::string_view global) {
  for (const auto& [name, type] : kStorageTypes) {
    if (name == global) return type;
  }
  return std::nullopt;
}

// Turns the calls of torch._utils in a pickle into tensors.
class StateDictReader {
 public:
  explicit StateDictReader(const Pickle& pickle) : pickle_(pickle) {}

  PickledTensor read_one() const {
    const PickleNode& root = pickle_.at(pickle_.root);
    if (root.kind != PickleKind::kCall) fail(ErrorKind::kInput, "is not a tensor");
    return tensor("", root);
  }

  std::vector<PickledTensor> read() const {
    const PickleNode& root = pickle_.at(pickle_.root);
    if (root.kind != PickleKind::kDict) fail(ErrorKind::kInput, "is not a dict of tensors");
    std::vector<PickledTensor> tensors;
    for (std::size_t i = 0; i < root.items.size(); i += 2) {
      const PickleNode& key = pickle_.at(root.items[i]);
      const PickleNode& value = pickle_.at(root.items[i + 1]);
      if (key.kind != PickleKind::kString || value.kind != PickleKind::kCall) continue;
      within(concat("tensor ", key.text),
             [&] { tensors.push_back(tensor(std::string(key.text), value)); });
    }
    return tensors;
  }

 private:
  const PickleNode& item(const PickleNode& node, std::size_t index, PickleKind kind) const {
    if (index >= node.items.size() || pickle_.at(node.items[index]).kind != kind) {
      fail(ErrorKind::kInput, concat("its description has a wrong value at place ", index + 1));
    }
    return pickle_.at(node.items[index]);
  }

  PickledTensor tensor(std::string name, const PickleNode& call) const {
    const PickleNode& arguments = item(call, 1, PickleKind::kTuple);
    if (item(call, 0, PickleKind::kGlobal).text == "torch._utils _rebuild_parameter") {
      const PickleNode& wrapped = item(arguments, 0, PickleKind::kCall);
      // A parameter holds a tensor, never another parameter, so this ends.
      return rebuild(std::move(name), wrapped);
    }
    return rebuild(std::move(name), call);
  }

  // _rebuild_tensor_v2(storage, storage_offset, size, stride, requires_grad, backward_hooks)
  PickledTensor rebuild(std::string name, const PickleNode& call) const {
    if (item(call, 0, PickleKind::kGlobal).text != "torch._utils _rebuild_tensor_v2") {
      fail(ErrorKind::kInput, "is not made by _rebuild_tensor_v2");
    }
    const PickleNode& arguments = item(call, 1, PickleKind::kTuple);
    PickledTensor result;
    result.name = std::move(name);
    read_storage(item(arguments, 0, PickleKind::kPersistent), result);
    result.storage_offset = item(arguments, 1, PickleKind::kInteger).integer;
    result.shape = integers(item(arguments, 2, PickleKind::kTuple));
    result.strides = integers(item(arguments, 3, PickleKind::kTuple));
    check_bounds(result);
    return result;
  }

  // ("storage", type, key, device, number of elements)
  void read_storage(const PickleNode& persistent, PickledTensor& result) const {
    const PickleNode& id = item(persistent, 0, PickleKind::kTuple);
    const std::optional<ElementType> type = storage_type(item(id, 1, PickleKind::kGlobal).text);
    if (item(id, 0, PickleKind::kString).text != "storage" || !type) {
      fail(ErrorKind::kInput, "its storage is of no known kind");
    }
    result.type = *type;
    result.storage = item(id, 2, PickleKind::kString).text;
    result.storage_elements = item(id, 4, PickleKind::kInteger).integer;
  }

  std::vector<std::int64_t> integers(const PickleNode& tuple) const {
    if (tuple.items.size() > kMaxDimensions) {
      fail(ErrorKind::kInput, concat("has more than ", kMaxDimensions, " dimensions"));
    }
    std::vector<std::int64_t> values;
    for (std::size_t i = 0; i < tuple.items.size(); ++i) {
      values.push_back(item(tuple, i, PickleKind::kInteger).integer);
    }
    return values;
  }

  static void check_bounds(const PickledTensor& tensor) {
    const bool has_size = tensor_bytes(tensor.shape, tensor.type).has_value();
    if (!has_size || tensor.shape.size() != tensor.strides.size() || tensor.storage_offset < 0 ||
        tensor.storage_elements < 0) {
      fail(ErrorKind::kInput, "its shape or strides are impossible");
    }
    std::int64_t last = tensor.storage_offset;
    bool is_empty = false;
    for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
      std::int64_t reach = 0;
      is_empty = is_empty || tensor.shape[i] == 0;
      if (tensor.strides[i] < 0 ||
          __builtin_mul_overflow(tensor.shape[i] - 1, tensor.strides[i], &reach) ||
          __builtin_add_overflow(last, reach, &last)) {
        fail(ErrorKind::kInput, "its shape or strides are impossible");
      }
    }
    if (!is_empty && last >= tensor.storage_elements) {
      fail(ErrorKind::kInput,
           concat("reaches element ", last, " of a storage of ", tensor.storage_elements));
    }
  }

  const Pickle& pickle_;
};

class PickleWriter {
 public:
  void opcode(char code) { bytes_ += code; }

  void text(std::string_view value) {
    opcode('X');
    number(static_cast<std::uint32_t>(value.size()));
    bytes_ += value;
  }

  // "module name"
  void global(std::string_view name) {
    const std::size_t space = name.find(' ');
    bytes_ += concat("c", name.substr(0, space), "\n", name.substr(space + 1), "\n");
  }

  void integer(std::int64_t value) {
    if (value >= 0 && value <= UINT8_MAX) {
      opcode('K');
      number(static_cast<std::uint8_t>(value));
    } else if (value >= INT32_MIN && value <= INT32_MAX) {
      opcode('J');
      number(static_cast<std::int32_t>(value));
    } else {
      opcode('\x8A');
      opcode('\x08');
      number(value);
    }
  }

  void tuple(const std::vector<std::int64_t>& values) {
    opcode('(');
    for (const std::int64_t value : values)
      integer(value);
    opcode('t');
  }

  void empty_ordered_dict() {
    global("collections OrderedDict");
    bytes_ += ")R";
  }

  std::string take() { return std::move(bytes_); }

 private:
  template <std::integral Number>
  void number(Number value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }

  std::string bytes_;
};

std::string_view storage_name(ElementType type) {
  for (const auto& [name, known] : kStorageTypes) {
    if (known == type) return name;
  }
  fail(ErrorKind::kInternal, concat("no torch storage for the type ", element_type_name(type)));
}

}  // namespace

std::vector<PickledTensor> read_pickled_state_dict(std::string_view pickle) {
  return StateDictReader(read_pickle(pickle, kAllowedGlobals)).read();
}

PickledTensor read_pickled_tensor(std::string_view pickle) {
  return StateDictReader(read_pickle(pickle, kAllowedGlobals)).read_one();
}

std::string write_pickled_state_dict(const std::vector<PickledTensor>& tensors) {
  PickleWriter writer;
  writer.opcode('\x80');
  writer.opcode('\x02');
  writer.empty_ordered_dict();
  writer.opcode('(');
  for (const PickledTensor& tensor : tensors) {
    writer.text(tensor.name);
    writer.global("torch._utils _rebuild_tensor_v2");
    writer.opcode('(');
    writer.opcode('(');
    writer.text("storage");
    writer.global(storage_name(tensor.type));
    writer.text(tensor.storage);
    writer.text("cpu");
    writer.integer(tensor.storage_elements);
    writer.opcode('t');
    writer.opcode('Q');
    writer.integer(tensor.storage_offset);
    writer.tuple(tensor.shape);
    writer.tuple(tensor.strides);
    writer.opcode('\x89');  // requires_grad: False
    writer.empty_ordered_dict();
    writer.opcode('t');
    writer.opcode('R');
  }
  writer.opcode('u');
  writer.opcode('.');
  return writer.take();
}

}  // namespace sbert
