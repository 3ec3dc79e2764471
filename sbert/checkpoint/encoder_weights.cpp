#include "sbert/checkpoint/encoder_weights.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/log.h"

namespace sbert {
namespace {

using ::at::Tensor;

constexpr std::string_view kFused = ".self.qkv.";
constexpr std::array<std::string_view, 3> kApart = {".self.query.", ".self.key.", ".self.value."};
constexpr std::size_t kMaxNamedProblems = 20;
constexpr double kSmallEncoder = 10'000'000;  // may be built before its weights are looked at

std::string replaced(std::string_view name, std::string_view from, std::string_view to) {
  const std::size_t at = name.find(from);
  return concat(name.substr(0, at), to, name.substr(at + from.size()));
}

// The part of a fused [3H, ...] tensor that is the query (0), the key (1) or the value (2).
Tensor third(const Tensor& fused, std::int64_t part) {
  const std::int64_t rows = fused.size(0) / 3;
  return fused.detach().narrow(0, part * rows, rows);
}

// Parameters of an encoder, near enough: in double, since sizes that validate() allows overflow.
double num_parameters(const EncoderConfig& config) {
  const auto hidden = static_cast<double>(config.hidden_size);
  const auto rows = static_cast<double>(config.vocab_size + config.max_position_embeddings +
                                        config.type_vocab_size);
  const double per_layer = hidden * (4 * hidden + 2 * static_cast<double>(config.ffn_hidden_size));
  return hidden * rows + static_cast<double>(config.num_layers) * per_layer;
}

bool are_finite(std::span<const float> values) {
  constexpr std::uint32_t kExponent = 0x7F80'0000;  // all ones: infinity or NaN
  bool is_other = false;
  for (const float value : values) {
    is_other |= (std::bit_cast<std::uint32_t>(value) & kExponent) == kExponent;
  }
  return !is_other;
}

// Copies values and tells whether all of the copies are finite numbers. By pieces, so that a piece
// is looked at while it is in the cache, and several cores share a tensor.
bool copy_values(const Tensor& source, const Tensor& target) {
  constexpr std::int64_t kPiece = 1 << 16;  // 256 KiB of float32
  const at::NoGradGuard no_gradient;
  const Tensor to = target.view(-1);
  const Tensor from = source.is_contiguous() ? source.view(-1) : source.reshape(-1);
  const bool is_same_type = from.scalar_type() == at::kFloat;
  const std::int64_t size = to.numel();
  std::atomic<bool> is_finite = true;
  const auto copy_piece = [&](std::int64_t piece) {
    const std::int64_t begin = piece * kPiece;
    const std::int64_t count = std::min(kPiece, size - begin);
    auto* values = to.mutable_data_ptr<float>() + begin;
    if (is_same_type) {
      std::memcpy(values, from.const_data_ptr<float>() + begin,
                  static_cast<std::size_t>(count) * sizeof(float));
    } else {
      const at::NoGradGuard no_gradient_here;  // which is a thread's own
      to.narrow(0, begin, count).copy_(from.narrow(0, begin, count));
    }
    if (!are_finite({values, static_cast<std::size_t>(count)})) is_finite = false;
  };
  at::parallel_for(0, (size + kPiece - 1) / kPiece, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t piece = first; piece < last; ++piece)
      copy_piece(piece);
  });
  return is_finite;
}

// Copies tensor by tensor and remembers what is wrong, to say it all at once.
class Copier {
 public:
  explicit Copier(NamedTensors weights) {
    for (NamedTensor& each : weights)
      left_[each.name] = std::move(each.tensor);
  }

  bool has(const std::string& name) const { return left_.contains(name); }

  void copy(const std::string& name, const Tensor& target) {
    const auto found = left_.find(name);
    if (found == left_.end()) {
      missing_.push_back(name);
      return;
    }
    const Tensor source = std::move(found->second);
    left_.erase(found);
    if (source.sizes() != target.sizes()) {
      wrong_.push_back(
          concat(name, " (expected ", shape_text(target), ", found ", shape_text(source), ")"));
    } else if (!source.is_floating_point()) {
      wrong_.push_back(concat(name, " (its type is ", c10::toString(source.scalar_type()), ")"));
    } else if (!copy_values(source, target)) {
      not_finite_.push_back(name);
    }
  }

  void finish() {
    std::vector<std::string> unexpected;
    for (const auto& [name, tensor] : left_)
      unexpected.push_back(name);
    std::vector<std::string> problems;
    if (!missing_.empty()) problems.push_back(concat("tensors are missing: ", joined(missing_)));
    if (!wrong_.empty()) problems.push_back(concat("tensors do not fit: ", joined(wrong_)));
    if (!unexpected.empty()) {
      problems.push_back(concat("tensors have no place in this encoder: ", joined(unexpected)));
    }
    if (!not_finite_.empty()) {
      log_warning(concat("weights hold NaN or infinity: ", joined(not_finite_)));
    }
    if (problems.empty()) return;
    std::string message;
    for (const std::string& problem : problems) {
      message += concat(message.empty() ? "" : "; ", problem);
    }
    fail(ErrorKind::kInput, message);
  }

 private:
  std::unordered_map<std::string, Tensor> left_;
  std::vector<std::string> missing_;
  std::vector<std::string> wrong_;
  std::vector<std::string> not_finite_;
};

}  // namespace

void copy_weights(NamedTensors weights, const NamedTensors& parameters) {
  Copier copier(std::move(weights));
  for (const NamedTensor& parameter : parameters) {
    const bool is_fused_here = parameter.name.find(kFused) != std::string::npos;
    if (!is_fused_here || copier.has(parameter.name)) {
      copier.copy(parameter.name, parameter.tensor);
      continue;
    }
    for (std::size_t i = 0; i < kApart.size(); ++i) {
      copier.copy(replaced(parameter.name, kFused, kApart[i]),
                  third(parameter.tensor, static_cast<std::int64_t>(i)));
    }
  }
  copier.finish();
}

BertEncoder make_encoder(const EncoderConfig& config, NamedTensors weights) {
  config.validate();
  double found = 0;
  for (const NamedTensor& each : weights) {
    // Not numel(): strides of 0 repeat elements without end.
    const auto bytes = static_cast<double>(each.tensor.storage().nbytes());
    found += bytes / static_cast<double>(each.tensor.element_size());
  }
  // A few missing tensors are for copy_weights() to name.
  if (num_parameters(config) > 4 * found + kSmallEncoder) {
    fail(ErrorKind::kInput,
         concat("the configuration describes an encoder of ", fixed(num_parameters(config), 0),
                " parameters, but the weights hold ", fixed(found, 0)));
  }
  BertEncoder encoder(config);
  copy_weights(std::move(weights), encoder.parameters());
  return encoder;
}

NamedTensors hugging_face_weights(const NamedTensors& parameters) {
  NamedTensors weights;
  for (const NamedTensor& parameter : parameters) {
    const Tensor values = parameter.tensor.detach().cpu();
    if (parameter.name.find(kFused) == std::string::npos) {
      weights.push_back({parameter.name, values});
      continue;
    }
    for (std::size_t i = 0; i < kApart.size(); ++i) {
      weights.push_back({replaced(parameter.name, kFused, kApart[i]),
                         third(values, static_cast<std::int64_t>(i))});
    }
  }
  return weights;
}

NamedTensors from_hugging_face(NamedTensors tensors) {
  NamedTensors weights;
  NamedTensors ignored;
  for (NamedTensor& each : tensors) {
    std::string_view name = each.name;
    if (name.starts_with("bert.")) name.remove_prefix(5);
    const bool is_of_encoder = name.starts_with("embeddings.") || name.starts_with("encoder.");
    const bool is_constant = name.ends_with(".position_ids") || name.ends_with(".token_type_ids");
    if (is_of_encoder && !is_constant) {
      weights.push_back({std::string(name), std::move(each.tensor)});
    } else {
      ignored.push_back(std::move(each));
    }
  }
  log_ignored(ignored);
  return weights;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kMaxNamedProblems; ++i) {
    text += concat(i == 0 ? "" : ", ", names[i]);
  }
  if (names.size() <= kMaxNamedProblems) return text;
  return concat(text, " and ", names.size() - kMaxNamedProblems, " more");
}

std::string shape_text(const Tensor& tensor) {
  std::string text = "[";
  for (const std::int64_t size : tensor.sizes()) {
    text += concat(text.size() == 1 ? "" : ", ", size);
  }
  return text + "]";
}

void log_ignored(const NamedTensors& ignored) {
  std::vector<std::string> names;
  for (const NamedTensor& each : ignored) {
    // Zeros hold nothing: the pooler of an archive that was written here.
    if (each.tensor.count_nonzero().item<std::int64_t>() > 0) names.push_back(each.name);
  }
  if (names.empty()) return;
  log_info(concat("left out, since embeddings do not need them: ", joined(names)));
}

}  // namespace sbert
