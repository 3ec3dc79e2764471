#include "sbert/checkpoint/encoder_weights.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/log.h"
#include "sbert/base/threads.h"
#include "sbert/kernels/kernels.h"

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

// Copies numbers and tells whether all are finite: by chunks that are looked at in the first cache.
bool copy_finite(const float* from, float* to, std::int64_t count) {
  constexpr std::int64_t kChunk = 4'096;
  static const auto kAllFinite = kernels<float>().all_finite;
  bool is_finite = true;
  for (std::int64_t begin = 0; begin < count; begin += kChunk) {
    const std::int64_t size = std::min(kChunk, count - begin);
    std::memcpy(to + begin, from + begin, static_cast<std::size_t>(size) * sizeof(float));
    is_finite &= kAllFinite(to + begin, size);
  }
  return is_finite;
}

// Values on their way from a file into a parameter.
struct Copy {
  std::string name;
  Tensor source;
  Tensor target;
  std::atomic<std::int64_t> values_left;
  std::atomic<bool> is_finite = true;

  Copy(std::string tensor_name, const Tensor& from, const Tensor& to)
      : name(std::move(tensor_name)),
        source(from.is_contiguous() ? from.view(-1) : from.reshape(-1)),
        target(to.view(-1)),
        values_left(to.numel()) {}

  void copy(std::int64_t begin, std::int64_t count) {
    {
      // Of another type, the values become float32 first.
      const Tensor values = source.narrow(0, begin, count).to(at::kFloat);
      if (!copy_finite(values.const_data_ptr<float>(), target.mutable_data_ptr<float>() + begin,
                       count)) {
        is_finite = false;
      }
    }
    values_left -= count;
    if (values_left == 0) source.reset();  // and with it the pages of the file
  }
};

// Copies side by side, by pieces of a huge page, which a core fills by itself.
void run(std::deque<Copy>& copies) {
  constexpr std::int64_t kPiece = 1 << 19;  // 2 MiB of float32
  struct Piece {
    Copy* copy = nullptr;
    std::int64_t begin = 0;
    std::int64_t count = 0;
  };
  std::vector<Piece> pieces;
  for (Copy& copy : copies) {
    const std::int64_t size = copy.target.numel();
    for (std::int64_t begin = 0; begin < size; begin += kPiece)
      pieces.push_back({&copy, begin, std::min(kPiece, size - begin)});
  }
  for_each_task(available_threads(), pieces.size(), [&](std::size_t i) {
    const at::NoGradGuard no_gradient;
    pieces[i].copy->copy(pieces[i].begin, pieces[i].count);
  });
}

// Finds the tensor of each parameter and copies all of them; what is wrong is said all at once.
class Copier {
 public:
  explicit Copier(NamedTensors weights) {
    for (NamedTensor& each : weights)
      left_[each.name] = std::move(each.tensor);
  }

  bool has(const std::string& name) const { return left_.contains(name); }

  void add(const std::string& name, const Tensor& target) {
    const auto found = left_.find(name);
    if (found == left_.end()) {
      missing_.push_back(name);
      return;
    }
    Tensor source = std::move(found->second);
    left_.erase(found);
    if (source.sizes() != target.sizes()) {
      wrong_.push_back(
          concat(name, " (expected ", shape_text(target), ", found ", shape_text(source), ")"));
    } else if (!source.is_floating_point()) {
      wrong_.push_back(concat(name, " (its type is ", c10::toString(source.scalar_type()), ")"));
    } else {
      copies_.emplace_back(name, source, target);
    }
  }

  void copy() {
    fail_if_wrong();
    run(copies_);
    std::vector<std::string> not_finite;
    for (const Copy& each : copies_) {
      if (!each.is_finite) not_finite.push_back(each.name);
    }
    if (not_finite.empty()) return;
    log_warning(concat("weights hold NaN or infinity: ", joined(not_finite)));
  }

 private:
  void fail_if_wrong() const {
    std::vector<std::string> unexpected;
    for (const auto& [name, tensor] : left_)
      unexpected.push_back(name);
    std::vector<std::string> problems;
    if (!missing_.empty()) problems.push_back(concat("tensors are missing: ", joined(missing_)));
    if (!wrong_.empty()) problems.push_back(concat("tensors do not fit: ", joined(wrong_)));
    if (!unexpected.empty()) {
      problems.push_back(concat("tensors have no place in this encoder: ", joined(unexpected)));
    }
    if (problems.empty()) return;
    std::string message;
    for (const std::string& problem : problems) {
      message += concat(message.empty() ? "" : "; ", problem);
    }
    fail(ErrorKind::kInput, message);
  }

  std::unordered_map<std::string, Tensor> left_;
  std::deque<Copy> copies_;
  std::vector<std::string> missing_;
  std::vector<std::string> wrong_;
};

}  // namespace

void copy_weights(NamedTensors weights, const NamedTensors& parameters) {
  Copier copier(std::move(weights));
  for (const NamedTensor& parameter : parameters) {
    const bool is_fused_here = parameter.name.find(kFused) != std::string::npos;
    if (!is_fused_here || copier.has(parameter.name)) {
      copier.add(parameter.name, parameter.tensor);
      continue;
    }
    for (std::size_t i = 0; i < kApart.size(); ++i) {
      copier.add(replaced(parameter.name, kFused, kApart[i]),
                 third(parameter.tensor, static_cast<std::int64_t>(i)));
    }
  }
  copier.copy();
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
