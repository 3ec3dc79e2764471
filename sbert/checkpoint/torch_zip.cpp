#include "sbert/checkpoint/torch_zip.h"

#include <cstdint>
#include <exception>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <caffe2/serialize/inline_container.h>

#include <ATen/ATen.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/checkpoint/mapped_tensor.h"
#include "sbert/checkpoint/pickled_state_dict.h"
#include "sbert/checkpoint/zip_reader.h"

namespace sbert {
namespace {

using Members = std::map<std::string, std::string_view>;

constexpr std::string_view kPickleName = "/data.pkl";

// All members lie in one folder, whose name is that of the file that was saved.
std::string find_folder(const Members& members) {
  for (const auto& [name, bytes] : members) {
    if (name.ends_with(kPickleName)) {
      return name.substr(0, name.size() - kPickleName.size() + 1);
    }
  }
  fail(ErrorKind::kInput, "is no torch.save file: it has no data.pkl");
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

Tensor make_tensor(const PickledTensor& tensor,
                   const Members& members,
                   const std::string& folder,
                   const std::shared_ptr<const void>& owner) {
  const auto found = members.find(concat(folder, "data/", tensor.storage));
  if (found == members.end()) {
    fail(ErrorKind::kInput, concat("its storage is missing: data/", tensor.storage));
  }
  const std::string_view storage = found->second;
  const std::uint64_t element_bytes = c10::elementSize(tensor.type);
  if (storage.size() / element_bytes < static_cast<std::uint64_t>(tensor.storage_elements)) {
    fail(ErrorKind::kInput,
         concat("its storage data/", tensor.storage, " should have ", tensor.storage_elements,
                " elements, but has ", storage.size() / element_bytes));
  }
  const std::uint64_t elements = reach(tensor);
  if (elements == 0) return mapped_tensor({}, tensor.type, tensor.shape, tensor.strides, owner);
  const auto offset = static_cast<std::uint64_t>(tensor.storage_offset);
  return mapped_tensor(storage.substr(offset * element_bytes, elements * element_bytes),
                       tensor.type, tensor.shape, tensor.strides, owner);
}

}  // namespace

NamedTensors read_torch_zip(std::string_view bytes, std::shared_ptr<const void> owner) {
  if (bytes.starts_with("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19")) {
    fail(ErrorKind::kInput,
         "written by torch.save in the form before torch 1.6; load and save it again with a newer "
         "torch");
  }
  const Members members = read_zip(bytes);
  const std::string folder = find_folder(members);
  const auto byte_order = members.find(concat(folder, "byteorder"));
  if (byte_order != members.end() && byte_order->second != "little") {
    fail(ErrorKind::kInput, concat("byte order is not little: ", byte_order->second));
  }
  const std::vector<PickledTensor> pickled = within(
      "data.pkl", [&] { return read_pickled_state_dict(members.at(concat(folder, "data.pkl"))); });
  NamedTensors tensors;
  tensors.reserve(pickled.size());
  for (const PickledTensor& each : pickled) {
    within(concat("tensor ", each.name),
           [&] { tensors.push_back({each.name, make_tensor(each, members, folder, owner)}); });
  }
  return tensors;
}

void write_torch_zip(const NamedTensors& tensors,
                     const std::function<void(std::string_view)>& sink) {
  std::vector<PickledTensor> pickled;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const Tensor& tensor = tensors[i].tensor;
    const std::vector<std::int64_t> shape = tensor.sizes().vec();
    pickled.push_back({.name = tensors[i].name,
                       .type = tensor.scalar_type(),
                       .storage = std::to_string(i),
                       .storage_elements = tensor.numel(),
                       .storage_offset = 0,
                       .shape = shape,
                       .strides = contiguous_strides(shape)});
  }
  const std::string pickle = write_pickled_state_dict(pickled);

  // The writer's destructor writes the directory and ends the program if that fails, so an error of
  // the sink is kept until the writer is gone.
  std::exception_ptr failure;
  {
    caffe2::serialize::PyTorchStreamWriter writer([&](const void* bytes, std::size_t size) {
      try {
        if (!failure) sink({static_cast<const char*>(bytes), size});
      } catch (...) {
        failure = std::current_exception();
      }
      return size;
    });
    writer.writeRecord("data.pkl", pickle.data(), pickle.size());
    writer.writeRecord("byteorder", "little", 6);
    for (std::size_t i = 0; i < tensors.size() && !failure; ++i) {
      const Tensor contiguous = tensors[i].tensor.detach().cpu().contiguous();
      writer.writeRecord(concat("data/", i), contiguous.const_data_ptr(), contiguous.nbytes());
    }
    writer.writeEndOfFile();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace sbert
