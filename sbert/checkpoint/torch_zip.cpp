#include "sbert/checkpoint/torch_zip.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/checkpoint/pickled_state_dict.h"
#include "sbert/checkpoint/zip_reader.h"
#include "sbert/checkpoint/zip_writer.h"

namespace sbert {
namespace {

using Members = std::map<std::string, ZipMember>;

constexpr std::string_view kPickleName = "/data.pkl";
constexpr std::string_view kFolder = "archive/";  // of what is written
// What strides of 0 may make of a small storage: whoever copies the tensor takes memory for all.
constexpr std::int64_t kMaxRepeatedElements = 1 << 20;

// All members lie in one folder, whose name is that of the file that was saved.
std::string find_folder(const Members& members) {
  for (const auto& [name, bytes] : members) {
    if (name.ends_with(kPickleName)) {
      return name.substr(0, name.size() - kPickleName.size() + 1);
    }
  }
  fail(ErrorKind::kInput, "not a torch.save file: it has no data.pkl");
}

// In 64 bits, which read_pickled_state_dict() has made sure of.
std::int64_t num_elements(const std::vector<std::int64_t>& shape) {
  std::int64_t product = 1;
  for (const std::int64_t size : shape)
    product *= size;
  return product;
}

// The number of elements from a tensor's first to its last.
std::uint64_t reach(const PickledTensor& tensor) {
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    if (tensor.shape[i] == 0) return 0;
    last += static_cast<std::uint64_t>((tensor.shape[i] - 1) * tensor.strides[i]);
  }
  return last + 1;
}

Weight make_weight(const PickledTensor& tensor,
                   const Members& members,
                   const std::string& folder,
                   const BytesOwner& owner) {
  const auto found = members.find(concat(folder, "data/", tensor.storage));
  if (found == members.end()) {
    fail(ErrorKind::kInput, concat("its storage is missing: data/", tensor.storage));
  }
  const std::string_view storage = checked_bytes(found->first, found->second);
  const std::uint64_t element_bytes = static_cast<std::uint64_t>(element_size(tensor.type));
  if (storage.size() / element_bytes < static_cast<std::uint64_t>(tensor.storage_elements)) {
    fail(ErrorKind::kInput,
         concat("its storage data/", tensor.storage, " should have ", tensor.storage_elements,
                " elements, but has ", storage.size() / element_bytes));
  }
  const std::uint64_t elements = reach(tensor);
  const std::int64_t most = std::max(tensor.storage_elements, kMaxRepeatedElements);
  if (num_elements(tensor.shape) > most) {
    fail(ErrorKind::kInput, concat("its strides repeat the ", tensor.storage_elements,
                                   " elements of its storage too often"));
  }
  if (elements == 0) return mapped_weight(tensor.name, {}, tensor.type, tensor.shape, owner);
  const auto offset = static_cast<std::uint64_t>(tensor.storage_offset);
  return strided_weight(tensor.name,
                        storage.substr(offset * element_bytes, elements * element_bytes),
                        tensor.type, tensor.shape, tensor.strides, owner);
}

struct TorchZip {
  Members members;
  std::string folder;  // "archive/"
  std::string_view pickle;
};

TorchZip open_torch_zip(std::string_view bytes) {
  if (bytes.starts_with("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19")) {
    fail(ErrorKind::kInput,
         "written by torch.save in the form before torch 1.6; load and save it again with a newer "
         "torch");
  }
  TorchZip zip{.members = read_zip(bytes), .folder = {}, .pickle = {}};
  zip.folder = find_folder(zip.members);
  const auto byte_order = zip.members.find(concat(zip.folder, "byteorder"));
  if (byte_order != zip.members.end() && byte_order->second.bytes != "little") {
    fail(ErrorKind::kInput, concat("byte order is not little: ", byte_order->second.bytes));
  }
  const auto pickle = zip.members.find(concat(zip.folder, "data.pkl"));
  zip.pickle = checked_bytes(pickle->first, pickle->second);
  return zip;
}

}  // namespace

Weights read_torch_zip(std::string_view bytes, const BytesOwner& owner) {
  const TorchZip zip = open_torch_zip(bytes);
  const std::vector<PickledTensor> pickled =
      within("data.pkl", [&] { return read_pickled_state_dict(zip.pickle); });
  Weights weights;
  weights.reserve(pickled.size());
  CopyLimit copies(bytes.size());
  for (const PickledTensor& each : pickled) {
    within(concat("tensor ", each.name), [&] {
      weights.push_back(make_weight(each, zip.members, zip.folder, owner));
      copies.add_unless_view(weights.back(), bytes);
    });
  }
  return weights;
}

Weight read_torch_zip_tensor(std::string_view bytes, const BytesOwner& owner) {
  const TorchZip zip = open_torch_zip(bytes);
  const PickledTensor pickled = within("data.pkl", [&] { return read_pickled_tensor(zip.pickle); });
  return make_weight(pickled, zip.members, zip.folder, owner);
}

void write_torch_zip(const Weights& tensors, const std::function<void(std::string_view)>& sink) {
  std::vector<PickledTensor> pickled;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const Weight& tensor = tensors[i];
    pickled.push_back({.name = tensor.name,
                       .type = tensor.type,
                       .storage = std::to_string(i),
                       .storage_elements = tensor.num_elements(),
                       .storage_offset = 0,
                       .shape = tensor.shape,
                       .strides = contiguous_strides(tensor.shape)});
  }
  ZipWriter writer(sink);
  const auto add = [&](std::string_view name, std::string_view bytes) {
    writer.add(concat(kFolder, name), bytes);
  };
  add("data.pkl", write_pickled_state_dict(pickled));
  add("byteorder", "little");
  for (std::size_t i = 0; i < tensors.size(); ++i)
    add(concat("data/", i), tensors[i].bytes);
  add("version", "3\n");  // of torch's file format: zip
  add(".data/serialization_id", writer.content_id());
  writer.finish();
}

}  // namespace sbert
