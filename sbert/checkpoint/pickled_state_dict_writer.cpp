#include <concepts>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/checkpoint/pickled_state_dict.h"
#include "sbert/checkpoint/torch_types.h"

namespace sbert {
namespace {

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
  for (const TorchType& storage : kTorchStorages) {
    if (storage.type == type && type != ElementType::kOther) return storage.name;
  }
  fail(ErrorKind::kInternal, concat("no torch storage for the type ", element_type_name(type)));
}

}  // namespace

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
