#include "sbert/model/cpu_head.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/free_list.h"
#include "sbert/kernels/kernels.h"
#include "sbert/kernels/packed_linear.h"
#include "sbert/model/packed_layer.h"
#include "sbert/model/weight_rows.h"

namespace sbert {
namespace {

// As torch.nn.functional.normalize.
constexpr float kLeastLength = 1e-12F;

struct PackedDense {
  PackedLinear linear;
  std::int64_t width;  // of its outputs
  Activation activation;
};

// Two rows of values, which the layers go through in turns.
struct Workspace {
  std::vector<float> from;
  std::vector<float> to;
  ProductScratch product;
};

void check_dense(const DenseLayer& layer, std::size_t number, std::int64_t width) {
  const std::string name = concat("Dense layer ", number, ": ");
  const std::vector<std::int64_t>& shape = layer.weight.shape;
  if (shape.size() != 2 || shape[0] < 1 || shape[1] != width) {
    fail(ErrorKind::kInput, concat(name, "the weight must have ", width,
                                   " columns, one for each input: ", shape_text(shape)));
  }
  if (layer.bias && layer.bias->shape != std::vector{shape[0]}) {
    fail(ErrorKind::kInput, concat(name, "the bias must have a value for each of the ", shape[0],
                                   " outputs: ", shape_text(layer.bias->shape)));
  }
  for (const ElementType type :
       {layer.weight.type, layer.bias ? layer.bias->type : layer.weight.type}) {
    if (!is_floating_point(type)) {
      fail(ErrorKind::kInput,
           concat(name, "must be of floating-point numbers: ", element_type_name(type)));
    }
  }
}

std::int64_t dense_bytes(const EmbeddingHead& head, std::int64_t width) {
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < head.dense.size(); ++i) {
    check_dense(head.dense[i], i, width);
    const std::int64_t out = head.dense[i].weight.shape[0];
    bytes += PackedLinear::weight_bytes(out, width, ProductType::kFloat32, inference_kernels());
    width = out;
  }
  return bytes;
}

// The activations that a product cannot do.
void activate(Activation activation, float* values, std::int64_t count) {
  if (activation == Activation::kTanh) {
    std::transform(values, values + count, values, [](float x) { return std::tanh(x); });
  } else if (activation == Activation::kSilu) {
    std::transform(values, values + count, values, [](float x) { return x / (1 + std::exp(-x)); });
  }
}

// Of values whose squares are too large for a float too.
float length_of(const float* row, std::int64_t width) {
  const float length = std::sqrt(kernels<float>().dot(row, row, width));
  if (std::isfinite(length)) return length;
  const double squares = std::inner_product(row, row + width, row, 0.0, std::plus<>(),
                                            [](double x, double y) { return x * y; });
  return static_cast<float>(std::sqrt(squares));
}

// Divides each row by its length, or by kLeastLength where it is shorter.
void normalize_rows(float* rows, std::int64_t count, std::int64_t width) {
  for (std::int64_t i = 0; i < count; ++i) {
    float* row = rows + i * width;
    const float length = std::max(length_of(row, width), kLeastLength);
    for (std::int64_t k = 0; k < width; ++k)
      row[k] /= length;
  }
}

}  // namespace

struct CpuHead::State {
  State(const EmbeddingHead& head, std::int64_t hidden_width)
      : pooling(head.pooling),
        normalizes(head.normalizes),
        hidden(hidden_width),
        width(hidden_width),
        memory(dense_bytes(head, hidden_width)) {
    for (const DenseLayer& layer : head.dense) {
      const std::vector<float> bias = layer.bias ? to_floats(*layer.bias) : std::vector<float>();
      width = layer.weight.shape[0];
      dense.push_back({.linear = {weight_rows({layer.weight}), bias.empty() ? nullptr : bias.data(),
                                  ProductType::kFloat32, memory, inference_kernels()},
                       .width = width,
                       .activation = layer.activation});
    }
  }

  // to [rows, width] = the last layer of the ones that space.from goes through.
  void apply_dense(Workspace& space, std::int64_t rows, float* to) const {
    for (const PackedDense& layer : dense) {
      const std::int64_t count = rows * layer.width;
      const bool is_last = &layer == &dense.back();
      space.to.resize(static_cast<std::size_t>(count));
      float* out = is_last ? to : space.to.data();
      layer.linear(space.from.data(), rows, epilogue_of(layer.activation).value_or(Epilogue::kNone),
                   out, space.product);
      activate(layer.activation, out, count);
      std::swap(space.from, space.to);
    }
  }

  Pooling pooling;
  bool normalizes;
  std::int64_t hidden;  // H
  std::int64_t width;
  WeightMemory memory;
  std::vector<PackedDense> dense;
  FreeList<Workspace> workspaces;
};

CpuHead::CpuHead(const EmbeddingHead& head, std::int64_t width)
    : state_(std::make_unique<State>(head, width)) {}
CpuHead::~CpuHead() = default;
CpuHead::CpuHead(CpuHead&&) noexcept = default;
CpuHead& CpuHead::operator=(CpuHead&&) noexcept = default;

std::int64_t CpuHead::width() const {
  return state_->width;
}

bool CpuHead::normalizes() const {
  return state_->normalizes;
}

void CpuHead::apply(const float* hidden, const PackedBatch& batch, float* to) const {
  const std::int64_t rows = batch.num_sequences();
  if (state_->dense.empty()) {
    pool(state_->pooling, hidden, state_->hidden, batch, to);
  } else {
    const auto space = state_->workspaces.take();
    space->from.resize(static_cast<std::size_t>(rows * state_->hidden));
    pool(state_->pooling, hidden, state_->hidden, batch, space->from.data());
    state_->apply_dense(*space, rows, to);
  }
  if (state_->normalizes) normalize_rows(to, rows, state_->width);
}

}  // namespace sbert
