#include "sbert/checkpoint/weight_files.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/file_content.h"
#include "sbert/base/files.h"
#include "sbert/checkpoint/name_lists.h"
#include "sbert/checkpoint/safetensors.h"
#include "sbert/checkpoint/torch_legacy.h"
#include "sbert/checkpoint/torch_zip.h"
#include "sbert/text/json_fields.h"

namespace sbert {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxShards = 10'000;

// By the content: there are files of either form under the name of the other.
Weights parse_weights(std::string_view bytes, const BytesOwner& owner, bool is_safetensors) {
  constexpr std::size_t kHeaderLength = 8;
  constexpr std::string_view kZip = "PK";
  refuse_stand_in(bytes);
  if (is_torch_legacy(bytes)) return read_torch_legacy(bytes, owner);
  if (bytes.starts_with(kZip)) return read_torch_zip(bytes, owner);
  const bool has_header = bytes.size() > kHeaderLength && bytes[kHeaderLength] == '{';
  if (has_header || is_safetensors) return parse_safetensors(bytes, owner).tensors;
  fail(ErrorKind::kInput,
       concat("is neither a file of torch.save nor safetensors, but ", content_name(bytes)));
}

Weights read_weight_file(const std::filesystem::path& path) {
  const auto file = std::make_shared<const MappedFile>(path);
  return within(path.native(), [&] {
    return parse_weights(file->bytes(), {file, true}, path.extension() == ".safetensors");
  });
}

struct ShardIndex {
  std::set<std::string> shards;
  std::set<std::string> tensors;
};

// {"weight_map": {"embeddings.LayerNorm.bias": "model-00001-of-00002.safetensors", ...}, ...}
ShardIndex parse_index(const json& index) {
  const json& map = field(index, "weight_map");
  if (!map.is_object()) fail(ErrorKind::kInput, "weight_map must be an object of file names");
  ShardIndex result;
  for (const auto& [tensor, shard] : map.items()) {
    if (!shard.is_string()) {
      fail(ErrorKind::kInput, concat("weight_map: the value must be a file name: ", tensor));
    }
    const auto name = shard.get<std::string>();
    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
      fail(ErrorKind::kInput, concat("weight_map: must be a file of this folder: ", name));
    }
    result.tensors.insert(tensor);
    result.shards.insert(name);
  }
  if (result.shards.empty()) fail(ErrorKind::kInput, "weight_map names no file");
  if (result.shards.size() > kMaxShards) {
    fail(ErrorKind::kInput, concat("weight_map names too many files: ", result.shards.size(),
                                   ", at most ", kMaxShards));
  }
  return result;
}

Weights read_shards(const std::filesystem::path& index_file) {
  const std::string text = read_file(index_file);
  ShardIndex index =
      within(index_file.native(), [&] { return parse_index(parse_json_object(text)); });
  Weights all;
  std::set<std::string> found;
  for (const std::string& shard : index.shards) {
    const std::filesystem::path path = index_file.parent_path() / shard;
    if (!std::filesystem::exists(path)) {
      fail(ErrorKind::kInput, concat(index_file, ": the file it names is missing: ", shard));
    }
    for (Weight& each : read_weight_file(path)) {
      if (!found.insert(each.name).second) {
        fail(ErrorKind::kInput, concat(path, ": the tensor is in another file too: ", each.name));
      }
      all.push_back(std::move(each));
    }
  }
  std::vector<std::string> missing;
  std::ranges::set_difference(index.tensors, found, std::back_inserter(missing));
  if (!missing.empty()) {
    fail(ErrorKind::kInput, concat(index_file, ": no file holds the tensors: ", joined(missing)));
  }
  return all;
}

}  // namespace

std::filesystem::path find_folder_weights(const std::filesystem::path& folder) {
  for (const char* name : {"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
                           "pytorch_model.bin.index.json"}) {
    if (std::filesystem::exists(folder / name)) return folder / name;
  }
  fail(ErrorKind::kInput,
       concat(folder,
              ": has no weights: neither model.safetensors nor pytorch_model.bin, nor the "
              "index.json of either in parts"));
}

Weights read_folder_weights(const std::filesystem::path& folder) {
  const std::filesystem::path path = find_folder_weights(folder);
  return path.extension() == ".json" ? read_shards(path) : read_weight_file(path);
}

}  // namespace sbert
