#include "sbert/nn/weight_tensors.h"

#include <array>
#include <memory>
#include <utility>

#include <ATen/ATen.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

constexpr std::array<std::pair<ElementType, at::ScalarType>, 10> kTypes{{
    {ElementType::kFloat64, at::kDouble},
    {ElementType::kFloat32, at::kFloat},
    {ElementType::kFloat16, at::kHalf},
    {ElementType::kBFloat16, at::kBFloat16},
    {ElementType::kInt64, at::kLong},
    {ElementType::kInt32, at::kInt},
    {ElementType::kInt16, at::kShort},
    {ElementType::kInt8, at::kChar},
    {ElementType::kUInt8, at::kByte},
    {ElementType::kBool, at::kBool},
}};

at::ScalarType scalar_type(ElementType type) {
  for (const auto& [ours, torchs] : kTypes) {
    if (ours == type) return torchs;
  }
  fail(ErrorKind::kInternal, concat("torch has no type ", element_type_name(type)));
}

ElementType element_type(at::ScalarType type) {
  for (const auto& [ours, torchs] : kTypes) {
    if (torchs == type) return ours;
  }
  fail(ErrorKind::kInternal, concat("no checkpoint holds the type ", c10::toString(type)));
}

}  // namespace

Tensor tensor_of(const Weight& weight) {
  // from_blob() has no form for memory that is only read.
  void* const data = const_cast<char*>(weight.bytes.data());
  const auto keep = [owner = weight.owner](void*) {};
  return at::from_blob(data, weight.shape, keep, scalar_type(weight.type));
}

Weight weight_of(std::string name, const Tensor& tensor) {
  const ElementType type = element_type(tensor.scalar_type());
  const auto owner = std::make_shared<const Tensor>(tensor.detach().contiguous());
  return {.name = std::move(name),
          .type = type,
          .shape = owner->sizes().vec(),
          .bytes = {static_cast<const char*>(owner->const_data_ptr()), owner->nbytes()},
          .owner = owner};
}

}  // namespace sbert
