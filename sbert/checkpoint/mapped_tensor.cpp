#include "sbert/checkpoint/mapped_tensor.h"

#include <cstring>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

#include <ATen/ATen.h>

namespace sbert {
namespace {

// Of a private mapping that is only read, these come back from the file when they are touched.
void release_pages(std::string_view bytes) {
  static const auto kPage = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
  const std::uintptr_t first = (begin + kPage - 1) / kPage * kPage;
  const std::uintptr_t last = (begin + bytes.size()) / kPage * kPage;
  if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

}  // namespace

Tensor mapped_tensor(std::string_view bytes,
                     at::ScalarType type,
                     const std::vector<std::int64_t>& shape,
                     const std::vector<std::int64_t>& strides,
                     BytesOwner owner) {
  const auto options = at::TensorOptions().dtype(type);
  if (bytes.empty()) return at::empty(shape, options);
  const std::size_t alignment = c10::elementSize(type);
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignment != 0) {
    const auto elements = static_cast<std::int64_t>(bytes.size() / alignment);
    Tensor copy = at::empty({elements}, options);
    std::memcpy(copy.mutable_data_ptr(), bytes.data(), bytes.size());
    return copy.as_strided(shape, strides);
  }
  // from_blob takes a pointer to mutable bytes; nothing of ours writes through it.
  return at::from_blob(
      const_cast<char*>(bytes.data()), shape, strides,
      [kept = std::move(owner), bytes](void*) mutable {
        if (kept.is_mapped_file) release_pages(bytes);
        kept.bytes.reset();
      },
      options);
}

std::vector<std::int64_t> contiguous_strides(const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> strides(shape.size());
  std::int64_t stride = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    if (shape[i] != 0) stride *= shape[i];
  }
  return strides;
}

std::optional<std::uint64_t> tensor_bytes(const std::vector<std::int64_t>& shape,
                                          at::ScalarType type) {
  // The product without the zeros must fit too: strides are made of it.
  std::int64_t product = static_cast<std::int64_t>(c10::elementSize(type));
  bool is_empty = false;
  for (const std::int64_t size : shape) {
    if (size < 0) return std::nullopt;
    is_empty = is_empty || size == 0;
    if (size != 0 && __builtin_mul_overflow(product, size, &product)) return std::nullopt;
  }
  return is_empty ? 0 : static_cast<std::uint64_t>(product);
}

std::string_view bytes_of(const Tensor& tensor) {
  return {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()};
}

}  // namespace sbert
