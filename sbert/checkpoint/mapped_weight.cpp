#include "sbert/checkpoint/mapped_weight.h"

#include <cstring>
#include <functional>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

// What a tensor or two that others share may take; a small file may hold more than itself.
constexpr std::uint64_t kMostCopiesOfFile = 4;
constexpr std::uint64_t kSmallCopies = 64 << 20;

// Of a private mapping that is only read, these come back from the file when they are touched.
void release_pages(std::string_view bytes) {
  static const auto kPage = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
  const std::uintptr_t first = (begin + kPage - 1) / kPage * kPage;
  const std::uintptr_t last = (begin + bytes.size()) / kPage * kPage;
  if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

std::shared_ptr<const void> owner_of(std::string_view bytes, const BytesOwner& owner) {
  if (!owner.is_mapped_file) return owner.bytes;
  return {bytes.data(), [file = owner.bytes, bytes](const void*) { release_pages(bytes); }};
}

bool is_contiguous(const std::vector<std::int64_t>& shape,
                   const std::vector<std::int64_t>& strides) {
  std::int64_t expected = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    if (shape[i] == 0) return true;
    if (shape[i] != 1 && strides[i] != expected) return false;
    expected *= shape[i];
  }
  return true;
}

// Copies elements one after the other, in the order of the shape.
void gather(const char* from,
            std::size_t element,
            const std::vector<std::int64_t>& shape,
            const std::vector<std::int64_t>& strides,
            char* to) {
  std::vector<std::int64_t> index(shape.size());
  std::int64_t offset = 0;
  while (true) {
    std::memcpy(to, from + static_cast<std::size_t>(offset) * element, element);
    to += element;
    std::size_t d = shape.size();
    while (d > 0) {
      --d;
      offset += strides[d];
      if (++index[d] < shape[d]) break;
      offset -= index[d] * strides[d];
      index[d] = 0;
      if (d == 0) return;
    }
    if (shape.empty()) return;
  }
}

}  // namespace

Weight mapped_weight(std::string name,
                     std::string_view bytes,
                     ElementType type,
                     std::vector<std::int64_t> shape,
                     const BytesOwner& owner) {
  const auto alignment = static_cast<std::uintptr_t>(element_size(type));
  if (bytes.empty() || reinterpret_cast<std::uintptr_t>(bytes.data()) % alignment != 0) {
    WeightBuffer copy(std::move(name), type, std::move(shape));
    if (!bytes.empty()) std::memcpy(copy.bytes(), bytes.data(), bytes.size());
    return std::move(copy).take();
  }
  return {.name = std::move(name),
          .type = type,
          .shape = std::move(shape),
          .bytes = bytes,
          .owner = owner_of(bytes, owner)};
}

Weight strided_weight(std::string name,
                      std::string_view bytes,
                      ElementType type,
                      std::vector<std::int64_t> shape,
                      const std::vector<std::int64_t>& strides,
                      const BytesOwner& owner) {
  if (is_contiguous(shape, strides)) {
    return mapped_weight(std::move(name), bytes, type, std::move(shape), owner);
  }
  WeightBuffer copy(std::move(name), type, shape);
  gather(bytes.data(), static_cast<std::size_t>(element_size(type)), shape, strides, copy.bytes());
  return std::move(copy).take();
}

CopyLimit::CopyLimit(std::uint64_t file_bytes)
    : most_(kMostCopiesOfFile * file_bytes + kSmallCopies) {}

void CopyLimit::add(std::uint64_t bytes) {
  if (bytes > most_ - total_) {
    fail(ErrorKind::kInput, concat("tensors are made of the same bytes too often: together they "
                                   "take more than ",
                                   most_, " bytes"));
  }
  total_ += bytes;
}

void CopyLimit::add_unless_view(const Weight& weight, std::string_view file) {
  const std::less<const char*> is_before;
  const bool is_view = !is_before(weight.bytes.data(), file.data()) &&
                       is_before(weight.bytes.data(), file.data() + file.size());
  if (!is_view) add(weight.bytes.size());
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

}  // namespace sbert
