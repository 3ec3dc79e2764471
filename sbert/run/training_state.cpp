#include "sbert/run/training_state.h"

#include <charconv>
#include <map>
#include <string_view>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/checkpoint/safetensors.h"
#include "sbert/dist/process_group.h"
#include "sbert/nn/weight_tensors.h"

namespace sbert {
namespace {

constexpr const char* kFormat = "sbert-training-state";
constexpr const char* kVersion = "2";

constexpr std::string_view kSetting = "setting.";

using Metadata = std::map<std::string, std::string>;

const std::string& required(const Metadata& metadata, const std::string& key) {
  const auto found = metadata.find(key);
  if (found == metadata.end()) {
    fail(ErrorKind::kInput, concat("not a training state: no ", key, " in its metadata"));
  }
  return found->second;
}

template <typename Number>
Number required_number(const Metadata& metadata, const std::string& key) {
  const std::string& text = required(metadata, key);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    fail(ErrorKind::kInput, concat(key, " of a training state must be a number: ", text));
  }
  return value;
}

std::int64_t required_count(const Metadata& metadata, const std::string& key) {
  const auto value = required_number<std::int64_t>(metadata, key);
  if (value < 0) {
    fail(ErrorKind::kInput, concat(key, " of a training state must be a count: ", value));
  }
  return value;
}

Metadata to_metadata(const RunPosition& position) {
  Metadata metadata{{"format", kFormat},
                    {"version", kVersion},
                    {"step", concat(position.step)},
                    {"consumed_samples", concat(position.consumed_samples)},
                    {"data_fingerprint", position.data_fingerprint},
                    {"best_score", concat(position.best_score)},
                    {"validations_since_best", concat(position.validations_since_best)}};
  for (const auto& [key, value] : position.settings)
    metadata[concat(kSetting, key)] = value;
  return metadata;
}

std::map<std::string, std::string> settings_in(const Metadata& metadata) {
  std::map<std::string, std::string> settings;
  for (const auto& [key, value] : metadata) {
    if (key.starts_with(kSetting)) settings[key.substr(kSetting.size())] = value;
  }
  return settings;
}

RunPosition to_position(const Metadata& metadata) {
  if (required(metadata, "format") != kFormat || required(metadata, "version") != kVersion) {
    fail(ErrorKind::kInput, concat("not a training state of version ", kVersion));
  }
  return {.step = required_count(metadata, "step"),
          .consumed_samples = required_count(metadata, "consumed_samples"),
          .data_fingerprint = required(metadata, "data_fingerprint"),
          .settings = settings_in(metadata),
          .best_score = required_number<double>(metadata, "best_score"),
          .validations_since_best = required_count(metadata, "validations_since_best")};
}

}  // namespace

void save_training_state(const std::filesystem::path& path,
                         const NamedTensors& tensors,
                         const RunPosition& position) {
  Weights weights;
  for (const NamedTensor& each : tensors)
    weights.push_back(weight_of(each.name, each.tensor.cpu()));
  write_safetensors(path, weights, to_metadata(position));
}

RunPosition read_position(const std::filesystem::path& path) {
  const Safetensors file = read_safetensors(path);
  return within(path.string(), [&] { return to_position(file.metadata); });
}

RunPosition load_training_state(const std::filesystem::path& path, const NamedTensors& tensors) {
  const Safetensors file = read_safetensors(path);
  return within(path.string(), [&] {
    RunPosition position = to_position(file.metadata);
    std::map<std::string, at::Tensor> found;
    for (const Weight& each : file.tensors)
      found[each.name] = tensor_of(each);
    for (const NamedTensor& each : tensors) {  // all are checked before the first is copied
      const auto place = found.find(each.name);
      if (place == found.end()) fail(ErrorKind::kInput, concat("tensor is missing: ", each.name));
      if (place->second.sizes() != each.tensor.sizes() ||
          place->second.scalar_type() != each.tensor.scalar_type()) {
        fail(ErrorKind::kInput,
             concat("tensor has another shape or type than the run's: ", each.name));
      }
    }
    const at::NoGradGuard no_grad;
    for (const NamedTensor& each : tensors)
      each.tensor.copy_(found[each.name]);
    return position;
  });
}

void share_position(ProcessGroup& group, RunPosition& position) {
  const at::Tensor counts = at::tensor(std::vector<std::int64_t>{
      position.step, position.consumed_samples, position.validations_since_best});
  const at::Tensor score = at::scalar_tensor(position.best_score, at::kDouble);
  group.broadcast({counts, score});
  position.step = counts[0].item<std::int64_t>();
  position.consumed_samples = counts[1].item<std::int64_t>();
  position.validations_since_best = counts[2].item<std::int64_t>();
  position.best_score = score.item<double>();
}

}  // namespace sbert
