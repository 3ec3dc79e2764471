#include "sbert/checkpoint/encoder_weights.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/log.h"
#include "sbert/checkpoint/name_lists.h"
#include "sbert/kernels/kernels.h"
#include "sbert/model/parameter_specs.h"

namespace sbert {
namespace {

constexpr double kSmallEncoder = 10'000'000;  // may be described by far smaller weights
constexpr std::int64_t kPiece = 1 << 20;      // elements that a thread looks at together
constexpr std::int64_t kChunk = 4'096;        // that are widened together

void check_size(const EncoderSpec& spec, const Weights& found) {
  double elements = 0;
  for (const Weight& each : found)
    elements += static_cast<double>(each.num_elements());
  // A few missing weights are for arrange_weights() to name.
  const double described = num_parameters(spec);
  if (described > 4 * elements + kSmallEncoder) {
    fail(ErrorKind::kInput,
         concat("the configuration describes an encoder of ", fixed(described, 0),
                " parameters, but the weights hold ", fixed(elements, 0)));
  }
}

bool is_finite(const Weight& weight, std::int64_t begin, std::int64_t count) {
  static const auto kAllFinite = kernels<float>().all_finite;
  if (weight.type == ElementType::kFloat32) return kAllFinite(weight.floats() + begin, count);
  if (weight.type == ElementType::kFloat64) {  // too large for float32 is infinite too
    const auto* values = reinterpret_cast<const double*>(weight.bytes.data()) + begin;
    return std::all_of(values, values + count,
                       [](double value) { return std::isfinite(static_cast<float>(value)); });
  }
  std::array<float, kChunk> values{};
  for (std::int64_t i = 0; i < count; i += kChunk) {
    const std::int64_t size = std::min(kChunk, count - i);
    read_floats(weight, begin + i, size, values.data());
    if (!kAllFinite(values.data(), size)) return false;
  }
  return true;
}

void warn_of_not_finite(const Weights& weights, const WorkerPool& pool) {
  struct Piece {
    std::size_t weight;
    std::int64_t begin;
    std::int64_t count;
  };
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const std::int64_t size = weights[i].num_elements();
    for (std::int64_t begin = 0; begin < size; begin += kPiece)
      pieces.push_back({i, begin, std::min(kPiece, size - begin)});
  }
  std::vector<std::atomic<bool>> is_bad(weights.size());
  pool.for_each(pieces.size(), [&](std::size_t i) {
    const Piece& piece = pieces[i];
    if (!is_finite(weights[piece.weight], piece.begin, piece.count)) is_bad[piece.weight] = true;
  });
  std::vector<std::string> names;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (is_bad[i]) names.push_back(weights[i].name);
  }
  if (!names.empty()) log_warning(concat("weights hold NaN or infinity: ", joined(names)));
}

// Takes the weights by name and collects what is wrong, to be said all at once.
class Arranger {
 public:
  explicit Arranger(Weights found) {
    for (Weight& each : found) {
      std::string name = each.name;
      left_[std::move(name)] = std::move(each);
    }
  }

  void take(const ParameterSpec& parameter, Weights& to) {
    const auto found = left_.find(parameter.name);
    if (found == left_.end()) {
      missing_.push_back(parameter.name);
      return;
    }
    Weight weight = std::move(found->second);
    left_.erase(found);
    if (!is_floating_point(weight.type)) {
      wrong_.push_back(concat(parameter.name, " (its type is ", type_text(weight), ")"));
    } else if (weight.shape != parameter.shape) {
      wrong_.push_back(concat(parameter.name, " (expected ", shape_text(parameter.shape),
                              ", found ", shape_text(weight.shape), ")"));
    } else {
      to.push_back(std::move(weight));
    }
  }

  void fail_if_wrong() const {
    std::vector<std::string> unexpected;
    for (const auto& [name, weight] : left_)
      unexpected.push_back(name);
    std::ranges::sort(unexpected);
    std::string message;
    const auto add = [&](std::string_view problem, const std::vector<std::string>& names) {
      if (!names.empty()) message += concat(message.empty() ? "" : "; ", problem, joined(names));
    };
    add("tensors are missing: ", missing_);
    add("tensors do not fit: ", wrong_);
    add("tensors have no place in this encoder: ", unexpected);
    if (!message.empty()) fail(ErrorKind::kInput, message);
  }

 private:
  std::unordered_map<std::string, Weight> left_;
  std::vector<std::string> missing_;
  std::vector<std::string> wrong_;
};

}  // namespace

Weights arrange_weights(const EncoderSpec& spec, Weights found, const WorkerPool& pool) {
  spec.validate();
  check_size(spec, found);
  Arranger arranger(std::move(found));
  Weights weights;
  for (const ParameterSpec& parameter : parameter_specs(spec))
    arranger.take(parameter, weights);
  arranger.fail_if_wrong();
  warn_of_not_finite(weights, pool);
  return weights;
}

}  // namespace sbert
