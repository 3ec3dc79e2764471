#include "sbert/checkpoint/torch_storage.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

// What strides of 0 may make of a small storage: whoever copies the tensor takes memory for all.
constexpr std::int64_t kMaxRepeatedElements = 1 << 20;

// In 64 bits, which the reader of the pickle has made sure of.
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

}  // namespace

Weight weight_in_storage(const PickledTensor& tensor,
                         std::string_view storage,
                         const BytesOwner& owner) {
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

Weight other_weight(std::string name, std::string type) {
  Weight weight;
  weight.name = std::move(name);
  weight.type = ElementType::kOther;
  weight.other_type = std::move(type);
  return weight;
}

}  // namespace sbert
