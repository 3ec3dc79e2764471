#include "sbert/checkpoint/pickled_state_dict.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/checkpoint/name_lists.h"
#include "sbert/checkpoint/pickle_reader.h"
#include "sbert/checkpoint/torch_types.h"

namespace sbert {
namespace {

constexpr std::size_t kMaxDimensions = 64;
constexpr std::int64_t kMaxElements = 1LL << 58;  // whose bytes can be counted
constexpr int kMaxDepth = 3;                      // of dicts around the state dict

constexpr std::string_view kRebuilt = "torch._utils _rebuild_";
constexpr std::string_view kTensor = "torch._utils _rebuild_tensor";  // before torch 0.4
constexpr std::string_view kTensor2 = "torch._utils _rebuild_tensor_v2";
constexpr std::string_view kTensor3 = "torch._utils _rebuild_tensor_v3";
constexpr std::string_view kParameter = "torch._utils _rebuild_parameter";
constexpr std::string_view kParameterWithState = "torch._utils _rebuild_parameter_with_state";

// What plain tensors need, and what else stands in checkpoints as a plain value. None is ever run.
constexpr std::array<std::string_view, 16> kFunctions = {
    "collections OrderedDict",
    kTensor,
    kTensor2,
    kTensor3,
    kParameter,
    kParameterWithState,
    "torch._utils _rebuild_qtensor",
    "torch._utils _rebuild_sparse_tensor",
    "torch._utils _rebuild_meta_tensor_no_storage",
    "torch.serialization _get_layout",
    "torch per_tensor_affine",
    "torch per_channel_affine",
    "torch Size",
    "torch device",
    "collections Counter",
    "argparse Namespace",
};

constexpr auto kAllowedGlobals = [] {
  std::array<std::string_view, kFunctions.size() + kTorchStorages.size() + kTorchDtypes.size()>
      names;
  std::size_t next = 0;
  for (const std::string_view name : kFunctions)
    names[next++] = name;
  for (const TorchType& storage : kTorchStorages)
    names[next++] = storage.name;
  for (const TorchType& dtype : kTorchDtypes)
    names[next++] = dtype.name;
  return names;
}();

template <typename Types>
const TorchType* find_type(const Types& types, std::string_view name) {
  const auto found = std::ranges::find(types, name, &TorchType::name);
  return found == types.end() ? nullptr : &*found;
}

// Turns the calls of torch._utils in a pickle into tensors.
class StateDictReader {
 public:
  explicit StateDictReader(const Pickle& pickle) : pickle_(pickle) {}

  PickledTensor read_one() const {
    const PickleNode& root = pickle_.at(pickle_.root);
    if (!is_tensor(root)) fail(ErrorKind::kInput, "is not a tensor");
    return tensor("", root);
  }

  std::vector<PickledTensor> read() const {
    const PickleNode& dict = find_state_dict();
    std::vector<PickledTensor> tensors;
    for (std::size_t i = 0; i < dict.items.size(); i += 2) {
      const PickleNode& key = pickle_.at(dict.items[i]);
      const PickleNode& value = pickle_.at(dict.items[i + 1]);
      if (key.kind != PickleKind::kString || !is_tensor(value)) continue;
      within(concat("tensor ", key.text),
             [&] { tensors.push_back(tensor(std::string(key.text), value)); });
    }
    return tensors;
  }

  std::vector<PickledStorage> storages() const {
    std::map<std::string, PickledStorage> found;
    for (const PickleNode& node : pickle_.nodes) {
      if (node.kind != PickleKind::kPersistent) continue;
      const Storage storage = read_storage(node);
      found[storage.key] = {storage.key, storage.elements, storage.type->bytes};
    }
    std::vector<PickledStorage> storages;
    for (auto& [key, storage] : found)
      storages.push_back(std::move(storage));
    return storages;
  }

 private:
  struct Storage {
    const TorchType* type = nullptr;
    std::string key;
    std::int64_t elements = 0;
    std::int64_t view_offset = 0;  // of a part of a storage, as torch 0.3 could save it
  };

  bool is_tensor(const PickleNode& node) const {
    return node.kind == PickleKind::kCall && pickle_.at(node.items[0]).text.starts_with(kRebuilt);
  }

  bool holds_tensors(const PickleNode& dict) const {
    for (std::size_t i = 1; i < dict.items.size(); i += 2) {
      if (is_tensor(pickle_.at(dict.items[i]))) return true;
    }
    return false;
  }

  // Level by level, so that weights come before an optimizer's state, which lies deeper.
  const PickleNode& find_state_dict() const {
    const PickleNode& root = pickle_.at(pickle_.root);
    if (root.kind != PickleKind::kDict) fail(ErrorKind::kInput, "is not a dict of tensors");
    if (holds_tensors(root)) return root;
    std::vector<PickleId> level{pickle_.root};
    std::set<PickleId> seen(level.begin(), level.end());
    for (int depth = 0; depth < kMaxDepth; ++depth) {
      std::vector<PickleId> next;
      std::vector<PickleId> holders;
      std::vector<std::string> names;
      for (const PickleId id : level) {
        const std::vector<PickleId>& items = pickle_.at(id).items;
        for (std::size_t i = 1; i < items.size(); i += 2) {
          const PickleNode& value = pickle_.at(items[i]);
          if (value.kind != PickleKind::kDict || !seen.insert(items[i]).second) continue;
          next.push_back(items[i]);
          if (!holds_tensors(value)) continue;
          holders.push_back(items[i]);
          names.emplace_back(pickle_.at(items[i - 1]).text);
        }
      }
      if (holders.size() > 1) {
        fail(ErrorKind::kInput,
             concat("holds several dicts of tensors, where one is expected: ", joined(names)));
      }
      if (holders.size() == 1) return pickle_.at(holders[0]);
      level = std::move(next);
    }
    return root;
  }

  const PickleNode& item(const PickleNode& node, std::size_t index, PickleKind kind) const {
    if (index >= node.items.size() || pickle_.at(node.items[index]).kind != kind) {
      fail(ErrorKind::kInput, concat("its description has a wrong value at place ", index + 1));
    }
    return pickle_.at(node.items[index]);
  }

  PickledTensor tensor(std::string name, const PickleNode& call) const {
    const std::string_view function = item(call, 0, PickleKind::kGlobal).text;
    const PickleNode& arguments = item(call, 1, PickleKind::kTuple);
    if (function == kParameter || function == kParameterWithState) {
      // A parameter holds a tensor, never another parameter, so this ends.
      return rebuild(std::move(name), item(arguments, 0, PickleKind::kCall));
    }
    return rebuild(std::move(name), call);
  }

  // _rebuild_tensor_v2(storage, storage_offset, size, stride, requires_grad, backward_hooks). v3
  // has a dtype after these; the first one has not the last two.
  PickledTensor rebuild(std::string name, const PickleNode& call) const {
    const std::string_view function = item(call, 0, PickleKind::kGlobal).text;
    PickledTensor result;
    result.name = std::move(name);
    if (function != kTensor && function != kTensor2 && function != kTensor3) {
      result.type = ElementType::kOther;
      result.other_type = function.substr(function.find(' ') + 1);
      return result;
    }
    const PickleNode& arguments = item(call, 1, PickleKind::kTuple);
    const Storage storage = read_storage(item(arguments, 0, PickleKind::kPersistent));
    const TorchType* type = storage.type;
    if (function == kTensor3) {
      type = find_type(kTorchDtypes, item(arguments, 6, PickleKind::kGlobal).text);
      if (type == nullptr) fail(ErrorKind::kInput, "its type is of no known kind");
    }
    result.type = type->type;
    if (result.type == ElementType::kOther) {
      result.other_type = short_name(*type);
      return result;
    }
    result.storage = storage.key;
    result.storage_elements = function == kTensor3
                                  ? storage.elements * storage.type->bytes / type->bytes
                                  : storage.elements;
    result.storage_offset = item(arguments, 1, PickleKind::kInteger).integer;
    result.shape = integers(item(arguments, 2, PickleKind::kTuple));
    result.strides = integers(item(arguments, 3, PickleKind::kTuple));
    if (storage.view_offset < 0 ||
        __builtin_add_overflow(result.storage_offset, storage.view_offset,
                               &result.storage_offset)) {
      fail(ErrorKind::kInput, "its shape or strides are impossible");
    }
    check_bounds(result);
    return result;
  }

  // ("storage", type, key, device, number of elements), and before torch 1.6 None or the view of a
  // storage: (key, offset, number of elements).
  Storage read_storage(const PickleNode& persistent) const {
    const PickleNode& id = item(persistent, 0, PickleKind::kTuple);
    Storage result{.type = find_type(kTorchStorages, item(id, 1, PickleKind::kGlobal).text)};
    if (item(id, 0, PickleKind::kString).text != "storage" || result.type == nullptr) {
      fail(ErrorKind::kInput, "its storage is of no known kind");
    }
    result.key = item(id, 2, PickleKind::kString).text;
    result.elements = item(id, 4, PickleKind::kInteger).integer;
    if (result.elements < 0 || result.elements > kMaxElements) {
      fail(ErrorKind::kInput, concat("its storage has an impossible length: ", result.elements));
    }
    if (id.items.size() > 5 && pickle_.at(id.items[5]).kind != PickleKind::kNone) {
      result.view_offset = item(item(id, 5, PickleKind::kTuple), 1, PickleKind::kInteger).integer;
    }
    return result;
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
    if (!has_size || tensor.shape.size() != tensor.strides.size() || tensor.storage_offset < 0) {
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

}  // namespace

PickledStateDict take_pickled_state_dict(std::string_view& bytes) {
  const Pickle pickle = take_pickle(bytes, kAllowedGlobals);
  const StateDictReader reader(pickle);
  return {reader.read(), reader.storages()};
}

std::vector<PickledTensor> read_pickled_state_dict(std::string_view pickle) {
  return take_pickled_state_dict(pickle).tensors;
}

PickledTensor read_pickled_tensor(std::string_view pickle) {
  const Pickle values = take_pickle(pickle, kAllowedGlobals);
  return StateDictReader(values).read_one();
}

}  // namespace sbert
