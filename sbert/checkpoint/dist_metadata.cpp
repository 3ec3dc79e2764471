#include "sbert/checkpoint/dist_metadata.h"

#include <array>
#include <map>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/checkpoint/pickle_reader.h"
#include "sbert/checkpoint/torch_types.h"

namespace sbert {
namespace {

constexpr std::size_t kMaxDimensions = 64;

constexpr std::string_view kTensor = "torch.distributed.checkpoint.metadata TensorStorageMetadata";
constexpr std::string_view kSize = "torch Size";

constexpr std::array<std::string_view, 22> kClasses = {
    kTensor,
    kSize,
    "collections OrderedDict",
    "megatron.core.dist_checkpointing.strategies.torch MCoreMetadata",
    "pathlib PosixPath",
    "pathlib PurePosixPath",
    "pathlib._local PosixPath",
    "pathlib._local PurePosixPath",
    "torch device",
    "torch.distributed._shard.sharded_tensor.metadata MEM_FORMAT_ENCODING",
    "torch.distributed._shard.sharded_tensor.metadata TensorProperties",
    "torch.distributed.checkpoint.filesystem _StorageInfo",
    "torch.distributed.checkpoint.filesystem _StoragePrefix",
    "torch.distributed.checkpoint.metadata BytesStorageMetadata",
    "torch.distributed.checkpoint.metadata ChunkStorageMetadata",
    "torch.distributed.checkpoint.metadata Metadata",
    "torch.distributed.checkpoint.metadata MetadataIndex",
    "torch.distributed.checkpoint.metadata StorageMeta",
    "torch.distributed.checkpoint.metadata TensorProperties",
    "torch.distributed.checkpoint.metadata _MEM_FORMAT_ENCODING",
    "torch.serialization _get_layout",
    "torch._utils _get_layout",
};

constexpr auto kAllowedGlobals = [] {
  std::array<std::string_view, kClasses.size() + kTorchDtypes.size()> names;
  std::size_t next = 0;
  for (const std::string_view name : kClasses)
    names[next++] = name;
  for (const TorchType& dtype : kTorchDtypes)
    names[next++] = dtype.name;
  return names;
}();

// Where a chunk is stored is looked up by the tensor's name and the chunk's place in it.
using ChunkKey = std::pair<std::string_view, std::vector<std::int64_t>>;

class MetadataReader {
 public:
  explicit MetadataReader(const Pickle& pickle) : pickle_(pickle) {}

  std::vector<DistTensor> read() {
    const PickleNode& root = pickle_.at(pickle_.root);
    read_storage(dict(member(root, "storage_data"), "storage_data"));
    const PickleNode& described = dict(member(root, "state_dict_metadata"), "state_dict_metadata");
    std::vector<DistTensor> tensors;
    for (std::size_t i = 0; i + 1 < described.items.size(); i += 2) {
      const PickleNode& key = pickle_.at(described.items[i]);
      const PickleNode& value = pickle_.at(described.items[i + 1]);
      if (key.kind != PickleKind::kString || !is_object(value, kTensor)) continue;
      within(concat("tensor ", key.text), [&] { tensors.push_back(tensor(key.text, value)); });
    }
    return tensors;
  }

 private:
  bool is_object(const PickleNode& node, std::string_view name) const {
    return node.kind == PickleKind::kCall && pickle_.at(node.items[0]).text == name;
  }

  // An attribute of an object; null if it has none of this name.
  const PickleNode* find(const PickleNode& object, std::string_view name) const {
    if (object.kind != PickleKind::kCall || object.items.size() < 3) return nullptr;
    const PickleNode& state = pickle_.at(object.items[2]);
    if (state.kind != PickleKind::kDict) return nullptr;
    for (std::size_t i = 0; i + 1 < state.items.size(); i += 2) {
      if (pickle_.at(state.items[i]).text == name) return &pickle_.at(state.items[i + 1]);
    }
    return nullptr;
  }

  const PickleNode& member(const PickleNode& object, std::string_view name) const {
    const PickleNode* found = find(object, name);
    if (found == nullptr) fail(ErrorKind::kInput, concat("has no ", name));
    return *found;
  }

  static const PickleNode& dict(const PickleNode& node, std::string_view name) {
    if (node.kind != PickleKind::kDict) fail(ErrorKind::kInput, concat(name, " is not a dict"));
    return node;
  }

  std::uint64_t size(const PickleNode& object, std::string_view name) const {
    const PickleNode& value = member(object, name);
    if (value.kind != PickleKind::kInteger || value.integer < 0) {
      fail(ErrorKind::kInput, concat(name, " is not a size"));
    }
    return static_cast<std::uint64_t>(value.integer);
  }

  // torch.Size([2, 3]), pickled as a call with a tuple in the tuple of its arguments.
  std::vector<std::int64_t> sizes(const PickleNode& node, std::string_view name) const {
    const auto stop = [&] { fail(ErrorKind::kInput, concat(name, " is not a torch.Size")); };
    if (!is_object(node, kSize)) stop();
    const PickleNode& arguments = pickle_.at(node.items[1]);
    if (arguments.items.size() != 1) stop();
    const PickleNode& tuple = pickle_.at(arguments.items[0]);
    if (tuple.kind != PickleKind::kTuple || tuple.items.size() > kMaxDimensions) stop();
    std::vector<std::int64_t> values;
    for (const PickleId id : tuple.items) {
      const PickleNode& value = pickle_.at(id);
      if (value.kind != PickleKind::kInteger || value.integer < 0) stop();
      values.push_back(value.integer);
    }
    return values;
  }

  // {MetadataIndex(fqn, offset, index): _StorageInfo(relative_path, offset, length)}
  void read_storage(const PickleNode& storage) {
    for (std::size_t i = 0; i + 1 < storage.items.size(); i += 2) {
      const PickleNode& index = pickle_.at(storage.items[i]);
      const PickleNode& info = pickle_.at(storage.items[i + 1]);
      const PickleNode* offset = find(index, "offset");
      if (offset == nullptr || offset->kind != PickleKind::kCall) continue;  // no tensor
      stored_[{member(index, "fqn").text, sizes(*offset, "offset")}] = &info;
    }
  }

  const TorchType& type(const PickleNode& object) const {
    // TensorProperties(dtype, layout, ...): a tuple; a dict where it is no tuple.
    const PickleNode& properties = member(object, "properties");
    if (const PickleNode* found = find(properties, "dtype")) return named_type(*found);
    if (properties.kind == PickleKind::kCall && properties.items.size() > 2) {
      const PickleNode& state = pickle_.at(properties.items[2]);
      if (!state.items.empty()) return named_type(pickle_.at(state.items[0]));
    }
    fail(ErrorKind::kInput, "has no dtype");
  }

  static const TorchType& named_type(const PickleNode& node) {
    for (const TorchType& dtype : kTorchDtypes) {
      if (node.kind == PickleKind::kGlobal && node.text == dtype.name) return dtype;
    }
    fail(ErrorKind::kInput, "its dtype is not known");
  }

  DistTensor tensor(std::string_view name, const PickleNode& object) const {
    const TorchType& dtype = type(object);
    DistTensor result{.name = std::string(name),
                      .type = dtype.type,
                      .shape = sizes(member(object, "size"), "size"),
                      .chunks = {}};
    if (dtype.type == ElementType::kOther) {
      result.other_type = short_name(dtype);
      return result;
    }
    if (!tensor_bytes(result.shape, result.type)) fail(ErrorKind::kInput, "shape is too large");
    const PickleNode& chunks = member(object, "chunks");
    for (const PickleId id : chunks.items)
      result.chunks.push_back(chunk(result, pickle_.at(id)));
    return result;
  }

  DistChunk chunk(const DistTensor& whole, const PickleNode& object) const {
    DistChunk result{.offsets = sizes(member(object, "offsets"), "offsets"),
                     .sizes = sizes(member(object, "sizes"), "sizes"),
                     .file = {}};
    const std::size_t dimensions = whole.shape.size();
    bool is_inside = result.offsets.size() == dimensions && result.sizes.size() == dimensions;
    for (std::size_t d = 0; is_inside && d < dimensions; ++d) {
      is_inside = result.sizes[d] <= whole.shape[d] &&
                  result.offsets[d] <= whole.shape[d] - result.sizes[d];
    }
    if (!is_inside) fail(ErrorKind::kInput, "a part is outside of the tensor");
    const auto found = stored_.find({whole.name, result.offsets});
    if (found == stored_.end()) fail(ErrorKind::kInput, "a part is stored nowhere");
    const PickleNode& info = *found->second;
    const PickleNode* transforms = find(info, "transform_descriptors");
    if (transforms != nullptr && !transforms->items.empty()) {
      fail(ErrorKind::kInput, "is stored compressed, which is not supported");
    }
    result.file = std::string(member(info, "relative_path").text);
    result.begin = size(info, "offset");
    result.bytes = size(info, "length");
    return result;
  }

  const Pickle& pickle_;
  std::map<ChunkKey, const PickleNode*> stored_;
};

}  // namespace

std::vector<DistTensor> read_dist_metadata(std::string_view pickle) {
  const Pickle values = read_pickle(pickle, kAllowedGlobals);
  return MetadataReader(values).read();
}

}  // namespace sbert
