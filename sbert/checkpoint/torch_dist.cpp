#include "sbert/checkpoint/torch_dist.h"

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/checkpoint/dist_metadata.h"
#include "sbert/checkpoint/torch_storage.h"
#include "sbert/checkpoint/torch_zip.h"

namespace sbert {
namespace {

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

Weight read_chunk(const Files& files,
                  const DistTensor& tensor,
                  const DistChunk& chunk,
                  const BytesOwner& owner,
                  CopyLimit& copies) {
  const std::string_view bytes = bytes_of_chunk(files, chunk);
  Weight part = within(chunk.file, [&] { return read_torch_zip_tensor(bytes, owner); });
  copies.add_unless_view(part, bytes);
  if (part.shape != chunk.sizes || part.type != tensor.type) {
    fail(ErrorKind::kInput,
         concat("the part in ", chunk.file, " does not have the shape and type that ", kMetadata,
                " says, but ", shape_text(part.shape), " ", element_type_name(part.type)));
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

// Copies a part to its place in the whole, by runs along the last dimension.
void place_part(const Weight& part, const DistTensor& tensor, const DistChunk& chunk, char* whole) {
  const std::size_t dimensions = tensor.shape.size();
  const std::int64_t run = dimensions == 0 ? 1 : chunk.sizes.back();
  if (part.bytes.empty()) return;
  const std::vector<std::int64_t> strides = contiguous_strides(tensor.shape);
  const std::int64_t element = element_size(tensor.type);
  const std::int64_t runs = part.num_elements() / run;
  for (std::int64_t i = 0; i < runs; ++i) {
    std::int64_t left = i;
    std::int64_t offset = dimensions == 0 ? 0 : chunk.offsets.back();
    for (std::size_t d = dimensions > 0 ? dimensions - 1 : 0; d-- > 0;) {
      offset += (chunk.offsets[d] + left % chunk.sizes[d]) * strides[d];
      left /= chunk.sizes[d];
    }
    std::memcpy(whole + offset * element, part.bytes.data() + i * run * element,
                static_cast<std::size_t>(run * element));
  }
}

Weight read_tensor(const Files& files,
                   const DistTensor& tensor,
                   const BytesOwner& owner,
                   CopyLimit& copies) {
  if (tensor.chunks.size() == 1 && tensor.chunks[0].sizes == tensor.shape) {
    return read_chunk(files, tensor, tensor.chunks[0], owner, copies);
  }
  check_parts(tensor);
  // The parts are read before memory is taken for the whole.
  Weights parts;
  for (const DistChunk& chunk : tensor.chunks)
    parts.push_back(read_chunk(files, tensor, chunk, owner, copies));
  copies.add(tensor_bytes(tensor.shape, tensor.type).value_or(0));
  WeightBuffer whole(tensor.name, tensor.type, tensor.shape);
  for (std::size_t i = 0; i < parts.size(); ++i)
    place_part(parts[i], tensor, tensor.chunks[i], whole.bytes());
  return std::move(whole).take();
}

// Whether the name means all layers: no number follows ".layers.".
bool is_of_all_layers(std::string_view name) {
  const std::size_t at = name.find(kLayers);
  if (at == std::string_view::npos) return false;
  const std::string_view rest = name.substr(at + kLayers.size());
  return rest.empty() || rest[0] < '0' || rest[0] > '9';
}

void add_layers(const std::string& name, const Weight& stacked, Weights& weights) {
  if (stacked.shape.empty() || stacked.shape[0] > kMaxLayers) {
    fail(ErrorKind::kInput,
         concat("has the shape ", shape_text(stacked.shape), ", not one of a tensor a layer"));
  }
  const std::size_t after = name.find(kLayers) + kLayers.size();
  for (std::int64_t layer = 0; layer < stacked.shape[0]; ++layer) {
    Weight weight = slice_rows(stacked, layer, 1);
    weight.name = concat(name.substr(0, after), layer, ".", name.substr(after));
    weight.shape.erase(weight.shape.begin());
    weights.push_back(std::move(weight));
  }
}

}  // namespace

Weights read_torch_dist(const Files& files, const BytesOwner& owner) {
  const auto metadata = files.find(std::string(kMetadata));
  if (metadata == files.end()) {
    fail(ErrorKind::kInput, concat("not a torch_dist checkpoint: it has no ", kMetadata));
  }
  const std::vector<DistTensor> described =
      within(kMetadata, [&] { return read_dist_metadata(metadata->second); });
  std::uint64_t file_bytes = 0;
  for (const auto& [name, bytes] : files)
    file_bytes += bytes.size();
  CopyLimit copies(file_bytes);
  Weights weights;
  for (const DistTensor& each : described) {
    within(concat("tensor ", each.name), [&] {
      if (each.type == ElementType::kOther) {
        weights.push_back(other_weight(each.name, each.other_type));
        return;
      }
      Weight weight = read_tensor(files, each, owner, copies);
      weight.name = each.name;
      if (is_of_all_layers(each.name)) {
        add_layers(each.name, weight, weights);
      } else {
        weights.push_back(std::move(weight));
      }
    });
  }
  return weights;
}

}  // namespace sbert
