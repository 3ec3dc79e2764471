#include "sbert/checkpoint/torch_dist.h"

#include <cstdint>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/checkpoint/dist_metadata.h"
#include "sbert/checkpoint/encoder_weights.h"
#include "sbert/checkpoint/torch_zip.h"

namespace sbert {
namespace {

using ::at::Tensor;
using Files = std::map<std::string, std::string_view>;

constexpr std::string_view kMetadata = ".metadata";
constexpr std::string_view kLayers = ".layers.";
constexpr std::int64_t kMaxLayers = 1'000;
constexpr std::size_t kMaxChunks = 4'096;

// In 64 bits, which read_dist_metadata() has made sure of.
std::int64_t num_elements(const std::vector<std::int64_t>& shape) {
  std::int64_t product = 1;
  for (const std::int64_t size : shape)
    product *= size;
  return product;
}

std::string_view bytes_of_chunk(const Files& files, const DistChunk& chunk) {
  const auto file = files.find(chunk.file);
  if (file == files.end()) {
    fail(ErrorKind::kInput,
         concat("the file that holds a part of it is missing: ", chunk.file,
                "; if each rank kept its own files, copy them into one folder, or merge the ranks "
                "with NeMo's megatron_change_num_partitions.py"));
  }
  const std::string_view bytes = file->second;
  if (chunk.begin > bytes.size() || chunk.bytes > bytes.size() - chunk.begin) {
    fail(ErrorKind::kInput, concat("bytes ", chunk.begin, " to ", chunk.begin + chunk.bytes, " of ",
                                   chunk.file, " are outside of its ", bytes.size(), " bytes"));
  }
  return bytes.substr(chunk.begin, chunk.bytes);
}

Tensor read_chunk(const Files& files,
                  const DistTensor& tensor,
                  const DistChunk& chunk,
                  const std::shared_ptr<const void>& owner) {
  const std::string_view bytes = bytes_of_chunk(files, chunk);
  Tensor part = within(chunk.file, [&] { return read_torch_zip_tensor(bytes, owner); });
  if (part.sizes() != at::IntArrayRef(chunk.sizes) || part.scalar_type() != tensor.type) {
    fail(ErrorKind::kInput,
         concat("the part in ", chunk.file, " has not the shape and type that ", kMetadata,
                " says, but ", shape_text(part), " ", c10::toString(part.scalar_type())));
  }
  return part;
}

bool overlap(const DistChunk& a, const DistChunk& b) {
  for (std::size_t d = 0; d < a.sizes.size(); ++d) {
    const bool is_apart =
        a.offsets[d] + a.sizes[d] <= b.offsets[d] || b.offsets[d] + b.sizes[d] <= a.offsets[d];
    if (is_apart) return false;
  }
  return true;
}

// With as many elements as the whole and no overlap, parts leave no gap.
void check_parts(const DistTensor& tensor) {
  if (tensor.chunks.size() > kMaxChunks) {
    fail(ErrorKind::kInput, concat("has more than ", kMaxChunks, " parts"));
  }
  std::int64_t elements = 0;
  for (std::size_t i = 0; i < tensor.chunks.size(); ++i) {
    elements += num_elements(tensor.chunks[i].sizes);
    for (std::size_t j = 0; j < i; ++j) {
      if (overlap(tensor.chunks[i], tensor.chunks[j])) {
        fail(ErrorKind::kInput, concat("its parts ", j + 1, " and ", i + 1, " overlap"));
      }
    }
  }
  const std::int64_t wanted = num_elements(tensor.shape);
  if (elements != wanted) {
    fail(ErrorKind::kInput,
         concat("its parts have ", elements, " elements together, not ", wanted));
  }
}

Tensor read_tensor(const Files& files,
                   const DistTensor& tensor,
                   const std::shared_ptr<const void>& owner) {
  if (tensor.chunks.size() == 1 && tensor.chunks[0].sizes == tensor.shape) {
    return read_chunk(files, tensor, tensor.chunks[0], owner);
  }
  check_parts(tensor);
  // The parts are read before memory is taken for the whole.
  std::vector<Tensor> parts;
  for (const DistChunk& chunk : tensor.chunks)
    parts.push_back(read_chunk(files, tensor, chunk, owner));
  Tensor whole = at::empty(tensor.shape, at::TensorOptions().dtype(tensor.type));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Tensor place = whole;
    for (std::size_t d = 0; d < tensor.shape.size(); ++d) {
      place = place.narrow(static_cast<std::int64_t>(d), tensor.chunks[i].offsets[d],
                           tensor.chunks[i].sizes[d]);
    }
    place.copy_(parts[i]);
  }
  return whole;
}

// Whether the name stands for all layers: no number follows ".layers.".
bool is_of_all_layers(std::string_view name) {
  const std::size_t at = name.find(kLayers);
  if (at == std::string_view::npos) return false;
  const std::string_view rest = name.substr(at + kLayers.size());
  return rest.empty() || rest[0] < '0' || rest[0] > '9';
}

void add_layers(const std::string& name, const Tensor& stacked, NamedTensors& tensors) {
  if (stacked.dim() == 0 || stacked.size(0) > kMaxLayers) {
    fail(ErrorKind::kInput,
         concat("has the shape ", shape_text(stacked), ", not one of a tensor a layer"));
  }
  const std::size_t after = name.find(kLayers) + kLayers.size();
  for (std::int64_t layer = 0; layer < stacked.size(0); ++layer) {
    tensors.push_back(
        {concat(name.substr(0, after), layer, ".", name.substr(after)), stacked.select(0, layer)});
  }
}

}  // namespace

NamedTensors read_torch_dist(const Files& files, const std::shared_ptr<const void>& owner) {
  const auto metadata = files.find(std::string(kMetadata));
  if (metadata == files.end()) {
    fail(ErrorKind::kInput, concat("is no torch_dist checkpoint: it has no ", kMetadata));
  }
  const std::vector<DistTensor> described =
      within(kMetadata, [&] { return read_dist_metadata(metadata->second); });
  NamedTensors tensors;
  for (const DistTensor& each : described) {
    within(concat("tensor ", each.name), [&] {
      Tensor tensor = read_tensor(files, each, owner);
      if (is_of_all_layers(each.name)) {
        add_layers(each.name, tensor, tensors);
      } else {
        tensors.push_back({each.name, std::move(tensor)});
      }
    });
  }
  return tensors;
}

}  // namespace sbert
