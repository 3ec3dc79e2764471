#include "sbert/checkpoint/torch_legacy.h"

// torch/serialization.py of torch 1.6 and later: _legacy_save(), _legacy_load().

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/checkpoint/pickle_reader.h"
#include "sbert/checkpoint/pickled_state_dict.h"
#include "sbert/checkpoint/torch_storage.h"

namespace sbert {
namespace {

// A pickle of the magic number, protocol 2.
constexpr std::string_view kMagic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
constexpr std::int64_t kVersion = 1001;

void check_version(std::string_view& bytes) {
  const Pickle pickle = take_pickle(bytes, {});
  const PickleNode& version = pickle.at(pickle.root);
  if (version.kind != PickleKind::kInteger || version.integer != kVersion) {
    fail(ErrorKind::kInput, concat("its version must be ", kVersion, ": ", version.integer));
  }
}

// {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long":
// 4}}
void check_machine(std::string_view& bytes) {
  const Pickle pickle = take_pickle(bytes, {});
  const PickleNode& sizes = pickle.at(pickle.root);
  for (std::size_t i = 0; sizes.kind == PickleKind::kDict && i + 1 < sizes.items.size(); i += 2) {
    const PickleNode& value = pickle.at(sizes.items[i + 1]);
    if (pickle.at(sizes.items[i]).text != "little_endian") continue;
    if (value.integer == 0) fail(ErrorKind::kInput, "byte order is not little");
  }
}

using Storages = std::map<std::string, std::string_view>;

// Takes one from the front: the number of its elements, and these.
std::string_view take_storage(std::string_view& bytes, const PickledStorage& described) {
  std::int64_t elements = 0;
  const auto size = static_cast<std::uint64_t>(described.elements * described.element_bytes);
  if (bytes.size() < sizeof elements || bytes.size() - sizeof elements < size) {
    fail(ErrorKind::kInput,
         concat("cut off: needs ", size, " bytes, where ", bytes.size(), " are left"));
  }
  std::memcpy(&elements, bytes.data(), sizeof elements);
  if (elements != described.elements) {
    fail(ErrorKind::kInput,
         concat("should have ", described.elements, " elements, but has ", elements));
  }
  bytes.remove_prefix(sizeof elements);
  const std::string_view storage = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return storage;
}

// In the order of the list of their keys.
Storages take_storages(std::string_view& bytes, std::vector<PickledStorage> described) {
  std::map<std::string, PickledStorage> by_key;
  for (PickledStorage& each : described)
    by_key[each.key] = std::move(each);
  const Pickle pickle = take_pickle(bytes, {});
  const PickleNode& keys = pickle.at(pickle.root);
  if (keys.kind != PickleKind::kList) fail(ErrorKind::kInput, "the keys of storages are no list");
  Storages storages;
  for (const PickleId id : keys.items) {
    const std::string key(pickle.at(id).text);
    within(concat("storage ", key), [&] {
      const auto found = by_key.find(key);
      if (found == by_key.end()) fail(ErrorKind::kInput, "no tensor says what it holds");
      storages[key] = take_storage(bytes, found->second);
    });
  }
  return storages;
}

}  // namespace

bool is_torch_legacy(std::string_view bytes) {
  return bytes.starts_with(kMagic);
}

Weights read_torch_legacy(std::string_view bytes, const BytesOwner& owner) {
  const std::string_view file = bytes;
  bytes.remove_prefix(kMagic.size());
  check_version(bytes);
  check_machine(bytes);
  const PickledStateDict pickled = take_pickled_state_dict(bytes);
  const Storages storages = take_storages(bytes, pickled.storages);
  Weights weights;
  weights.reserve(pickled.tensors.size());
  CopyLimit copies(file.size());
  for (const PickledTensor& each : pickled.tensors) {
    within(concat("tensor ", each.name), [&] {
      if (each.type == ElementType::kOther) {
        weights.push_back(other_weight(each.name, each.other_type));
        return;
      }
      const auto storage = storages.find(each.storage);
      if (storage == storages.end()) {
        fail(ErrorKind::kInput, concat("its storage is missing: ", each.storage));
      }
      weights.push_back(weight_in_storage(each, storage->second, owner));
      copies.add_unless_view(weights.back(), file);
    });
  }
  return weights;
}

}  // namespace sbert
