#include "sbert/train/training_state.h"

#include <charconv>
#include <map>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/checkpoint/safetensors.h"
#include "sbert/base/named_tensor.h"

namespace sbert {
namespace {

constexpr const char* kFormat = "sbert-training-state";
constexpr const char* kVersion = "1";

// Everything that changes while a model is trained, under its name in the file.
NamedTensors tensors_of_state(const SentenceModel& model, const AdamW& optimizer) {
  NamedTensors tensors;
  for (const NamedTensor& parameter : model.encoder.parameters()) {
    tensors.push_back({concat("model.", parameter.name), parameter.tensor.detach()});
  }
  for (const NamedTensor& each : optimizer.state()) {
    tensors.push_back({concat("optimizer.", each.name), each.tensor});
  }
  return tensors;
}

const std::string& required(const std::map<std::string, std::string>& metadata,
                            const std::string& key) {
  const auto found = metadata.find(key);
  if (found == metadata.end()) {
    fail(ErrorKind::kInput, concat("not a training state: no ", key, " in its metadata"));
  }
  return found->second;
}

std::int64_t required_count(const std::map<std::string, std::string>& metadata,
                            const std::string& key) {
  const std::string& text = required(metadata, key);
  std::int64_t value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) {
    fail(ErrorKind::kInput, concat(key, " of a training state must be a count: ", text));
  }
  return value;
}

}  // namespace

void save_training_state(const std::filesystem::path& path,
                         const SentenceModel& model,
                         const AdamW& optimizer,
                         const RunPosition& position) {
  write_safetensors(path, tensors_of_state(model, optimizer),
                    {{"format", kFormat},
                     {"version", kVersion},
                     {"step", concat(position.step)},
                     {"consumed_samples", concat(position.consumed_samples)},
                     {"data_fingerprint", position.data_fingerprint}});
}

RunPosition load_training_state(const std::filesystem::path& path,
                                const SentenceModel& model,
                                AdamW& optimizer) {
  const Safetensors file = read_safetensors(path);
  return within(path.string(), [&] {
    if (required(file.metadata, "format") != kFormat ||
        required(file.metadata, "version") != kVersion) {
      fail(ErrorKind::kInput, concat("not a training state of version ", kVersion));
    }
    RunPosition position{required_count(file.metadata, "step"),
                         required_count(file.metadata, "consumed_samples"),
                         required(file.metadata, "data_fingerprint")};
    std::map<std::string, Tensor> found;
    for (const NamedTensor& each : file.tensors)
      found[each.name] = each.tensor;

    const NamedTensors wanted = tensors_of_state(model, optimizer);
    for (const NamedTensor& each : wanted) {  // all are checked before the first is copied
      const auto place = found.find(each.name);
      if (place == found.end()) fail(ErrorKind::kInput, concat("tensor is missing: ", each.name));
      if (place->second.sizes() != each.tensor.sizes() ||
          place->second.scalar_type() != each.tensor.scalar_type()) {
        fail(ErrorKind::kInput,
             concat("tensor has another shape or type than the model's: ", each.name));
      }
    }
    const at::NoGradGuard no_grad;
    for (const NamedTensor& each : wanted)
      each.tensor.copy_(found[each.name]);
    optimizer.set_step_count(position.step);
    return position;
  });
}

}  // namespace sbert
