#include "sbert/checkpoint/torch_zip.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/checkpoint/pickled_state_dict.h"
#include "sbert/checkpoint/torch_storage.h"
#include "sbert/checkpoint/zip_reader.h"
#include "sbert/checkpoint/zip_writer.h"

namespace sbert {
namespace {

using Members = std::map<std::string, ZipMember>;

constexpr std::string_view kPickleName = "/data.pkl";
constexpr std::string_view kFolder = "archive/";  // of what is written

// All members lie in one folder, whose name is that of the file that was saved.
std::string find_folder(const Members& members) {
  for (const auto& [name, bytes] : members) {
    if (name.ends_with(kPickleName)) {
      return name.substr(0, name.size() - kPickleName.size() + 1);
    }
  }
  fail(ErrorKind::kInput, "not a file of torch.save: the zip has no data.pkl");
}

Weight make_weight(const PickledTensor& tensor,
                   const Members& members,
                   const std::string& folder,
                   const BytesOwner& owner) {
  if (tensor.type == ElementType::kOther) return other_weight(tensor.name, tensor.other_type);
  const auto found = members.find(concat(folder, "data/", tensor.storage));
  if (found == members.end()) {
    fail(ErrorKind::kInput, concat("its storage is missing: data/", tensor.storage));
  }
  return weight_in_storage(tensor, checked_bytes(found->first, found->second), owner);
}

struct TorchZip {
  Members members;
  std::string folder;  // "archive/"
  std::string_view pickle;
};

TorchZip open_torch_zip(std::string_view bytes) {
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
