// The encoder on one core, beside the matrix products that it consists of: the rest of the time is
// attention, norms and activations. One row each for sequences of 12, 77 and 256 tokens, the
// lengths of a synopsis, a description and a page.

#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/Device.h>

#include "bench/minilm_shape.h"
#include "sbert/model/cpu_encoder.h"
#include "sbert/nn/torch_encoder.h"

namespace sbert {
namespace {

constexpr std::int64_t kTokens = 1'024;

// Sizes of a layer, which are those of all.
struct Sizes {
  std::int64_t layers, hidden, feed_forward;
};

Sizes minilm_sizes() {
  const EncoderSpec spec = minilm_spec();
  return {std::ssize(spec.layers), spec.width, spec.layers.front().feed_forward.width};
}

// Multiplications and additions of the linear layers, for one token.
double linear_flops() {
  const Sizes sizes = minilm_sizes();
  const auto h = static_cast<double>(sizes.hidden);
  const auto f = static_cast<double>(sizes.feed_forward);
  return static_cast<double>(sizes.layers) * 2 * (4 * h * h + 2 * h * f);
}

// Values that the linear layers read and write for a batch of T tokens, weights and all.
double linear_values(double tokens) {
  const Sizes sizes = minilm_sizes();
  const auto h = static_cast<double>(sizes.hidden);
  const auto f = static_cast<double>(sizes.feed_forward);
  const double weights = 4 * h * h + 2 * h * f;
  const double activations = tokens * ((h + 3 * h) + (h + h) + (h + f) + (f + h));
  return static_cast<double>(sizes.layers) * (weights + activations);
}

void count(benchmark::State& state, std::int64_t tokens, double passes) {
  const auto total = static_cast<double>(state.iterations()) * static_cast<double>(tokens);
  state.counters["tokens/s"] = benchmark::Counter(total, benchmark::Counter::kIsRate);
  state.counters["GFLOP/s"] =
      benchmark::Counter(total * linear_flops() * passes * 1e-9, benchmark::Counter::kIsRate);
  const auto batch_tokens = static_cast<double>(tokens);
  state.counters["flop/byte"] =
      batch_tokens * linear_flops() / (linear_values(batch_tokens) * sizeof(float));
}

void linear_layers_alone(benchmark::State& state) {
  at::set_num_threads(1);
  const at::InferenceMode no_gradients;
  const Sizes sizes = minilm_sizes();
  const Tensor x = at::randn({kTokens, sizes.hidden});
  const Tensor wide = at::randn({kTokens, sizes.feed_forward});
  const auto weight = [](std::int64_t out, std::int64_t in) { return at::randn({out, in}); };
  const Tensor qkv = weight(3 * sizes.hidden, sizes.hidden);
  const Tensor output = weight(sizes.hidden, sizes.hidden);
  const Tensor up = weight(sizes.feed_forward, sizes.hidden);
  const Tensor down = weight(sizes.hidden, sizes.feed_forward);
  for ([[maybe_unused]] const auto& each : state) {
    for (std::int64_t layer = 0; layer < sizes.layers; ++layer) {
      benchmark::DoNotOptimize(at::linear(x, qkv));
      benchmark::DoNotOptimize(at::linear(x, output));
      benchmark::DoNotOptimize(at::linear(x, up));
      benchmark::DoNotOptimize(at::linear(wide, down));
    }
  }
  count(state, kTokens, 1);
}
BENCHMARK(linear_layers_alone)->Unit(benchmark::kMillisecond);

void measure_encoding(benchmark::State& state, CpuPrecision precision) {
  const WorkerPool pool;
  const CpuEncoder encoder(minilm_spec(), minilm_weights(), precision, pool);
  const PackedBatch batch = random_batch(kTokens, state.range(0));
  std::vector<float> hidden(static_cast<std::size_t>(batch.num_tokens() * minilm_spec().width));
  for ([[maybe_unused]] const auto& each : state) {
    encoder.forward(batch, hidden.data());
    benchmark::ClobberMemory();
  }
  count(state, batch.num_tokens(), 1);
}

void encode(benchmark::State& state) {
  measure_encoding(state, CpuPrecision::kFloat32);
}
BENCHMARK(encode)->Arg(12)->Arg(77)->Arg(256)->Unit(benchmark::kMillisecond);

void encode_int8(benchmark::State& state) {
  measure_encoding(state, CpuPrecision::kInt8);
}
BENCHMARK(encode_int8)->Arg(12)->Arg(77)->Arg(256)->Unit(benchmark::kMillisecond);

TorchEncoder torch_encoder(const TrainingRecipe& recipe = {}) {
  return {minilm_spec(), minilm_weights(), recipe, c10::Device(c10::kCPU)};
}

// The encoder that trains, without gradients: torch's operators.
void encode_by_operators(benchmark::State& state) {
  at::set_num_threads(1);
  const at::InferenceMode no_gradients;
  const TorchEncoder encoder = torch_encoder();
  const PackedBatch batch = random_batch(kTokens, state.range(0));
  for ([[maybe_unused]] const auto& each : state) {
    benchmark::DoNotOptimize(encoder.forward(batch, std::nullopt));
  }
  count(state, batch.num_tokens(), 1);
}
BENCHMARK(encode_by_operators)->Arg(12)->Arg(77)->Arg(256)->Unit(benchmark::kMillisecond);

// Forward with dropout, and backward: three times the products; recomputed, four times.
void measure_training(benchmark::State& state, bool recomputes) {
  at::set_num_threads(1);
  const TorchEncoder encoder =
      torch_encoder({.dropout = {.hidden = 0.1, .attention = 0.1}, .recomputes = recomputes})
          .shared();
  const PackedBatch batch = random_batch(kTokens, state.range(0));
  const EncoderParameters parameters = encoder.parameters();
  for ([[maybe_unused]] const auto& each : state) {
    encoder.forward(batch, DropoutKey{1}).sum().backward();
    for (const EncoderParameter& parameter : parameters)
      parameter.tensor.mutable_grad() = Tensor();
  }
  count(state, batch.num_tokens(), recomputes ? 4 : 3);
}

void train(benchmark::State& state) {
  measure_training(state, /*recomputes=*/false);
}
BENCHMARK(train)->Arg(12)->Arg(77)->Arg(256)->Unit(benchmark::kMillisecond);

void train_recomputed(benchmark::State& state) {
  measure_training(state, /*recomputes=*/true);
}
BENCHMARK(train_recomputed)->Arg(12)->Arg(77)->Arg(256)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sbert
