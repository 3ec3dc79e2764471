// The encoder on one core, beside the matrix products that it consists of: the rest of the time is
// attention, norms and activations. One row each for sequences of 12, 77 and 256 tokens, the
// lengths of a synopsis, a description and a page.

#include <utility>

#include <benchmark/benchmark.h>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "bench/minilm_shape.h"
#include "sbert/model/inference_encoder.h"

namespace sbert {
namespace {

constexpr std::int64_t kTokens = 1'024;

// Multiplications and additions of the linear layers, for one token.
double linear_flops() {
  const EncoderConfig c = minilm_config();
  const auto h = static_cast<double>(c.hidden_size);
  const auto f = static_cast<double>(c.ffn_hidden_size);
  return static_cast<double>(c.num_layers) * 2 * (4 * h * h + 2 * h * f);
}

// Values that the linear layers read and write for a batch of T tokens, weights and all.
double linear_values(double tokens) {
  const EncoderConfig c = minilm_config();
  const auto h = static_cast<double>(c.hidden_size);
  const auto f = static_cast<double>(c.ffn_hidden_size);
  const double weights = 4 * h * h + 2 * h * f;
  const double activations = tokens * ((h + 3 * h) + (h + h) + (h + f) + (f + h));
  return static_cast<double>(c.num_layers) * (weights + activations);
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
  const EncoderConfig c = minilm_config();
  const Tensor x = at::randn({kTokens, c.hidden_size});
  const Tensor wide = at::randn({kTokens, c.ffn_hidden_size});
  const auto weight = [](std::int64_t out, std::int64_t in) { return at::randn({out, in}); };
  const Tensor qkv = weight(3 * c.hidden_size, c.hidden_size);
  const Tensor output = weight(c.hidden_size, c.hidden_size);
  const Tensor up = weight(c.ffn_hidden_size, c.hidden_size);
  const Tensor down = weight(c.hidden_size, c.ffn_hidden_size);
  for ([[maybe_unused]] const auto& each : state) {
    for (std::int64_t layer = 0; layer < c.num_layers; ++layer) {
      benchmark::DoNotOptimize(at::linear(x, qkv));
      benchmark::DoNotOptimize(at::linear(x, output));
      benchmark::DoNotOptimize(at::linear(x, up));
      benchmark::DoNotOptimize(at::linear(wide, down));
    }
  }
  count(state, kTokens, 1);
}
BENCHMARK(linear_layers_alone)->Unit(benchmark::kMillisecond);

void measure_encoding(benchmark::State& state, InferencePrecision precision) {
  at::set_num_threads(1);
  const at::InferenceMode no_gradients;
  const InferenceEncoder encoder(minilm_encoder(), precision);
  const PackedBatch batch = random_batch(kTokens, state.range(0));
  for ([[maybe_unused]] const auto& each : state) {
    benchmark::DoNotOptimize(encoder.forward(batch));
  }
  count(state, batch.num_tokens(), 1);
}

void encode(benchmark::State& state) {
  measure_encoding(state, InferencePrecision::kFloat32);
}
BENCHMARK(encode)->Arg(12)->Arg(77)->Arg(256)->Unit(benchmark::kMillisecond);

void encode_int8(benchmark::State& state) {
  measure_encoding(state, InferencePrecision::kInt8);
}
BENCHMARK(encode_int8)->Arg(12)->Arg(77)->Arg(256)->Unit(benchmark::kMillisecond);

// The encoder that trains, without gradients: torch's operators.
void encode_by_operators(benchmark::State& state) {
  at::set_num_threads(1);
  const at::InferenceMode no_gradients;
  const BertEncoder encoder = minilm_encoder();
  const PackedBatch batch = random_batch(kTokens, state.range(0));
  for ([[maybe_unused]] const auto& each : state) {
    benchmark::DoNotOptimize(encoder.forward(batch, std::nullopt));
  }
  count(state, batch.num_tokens(), 1);
}
BENCHMARK(encode_by_operators)->Arg(12)->Arg(77)->Arg(256)->Unit(benchmark::kMillisecond);

// Forward with dropout, and backward: three times the products.
void measure_training(benchmark::State& state, BertEncoder encoder, double passes) {
  at::set_num_threads(1);
  const PackedBatch batch = random_batch(kTokens, state.range(0));
  const std::vector<NamedTensor> parameters = encoder.parameters();
  for ([[maybe_unused]] const auto& each : state) {
    encoder.forward(batch, DropoutKey{1}).sum().backward();
    for (const NamedTensor& parameter : parameters)
      parameter.tensor.mutable_grad() = Tensor();
  }
  count(state, batch.num_tokens(), passes);
}

void train(benchmark::State& state) {
  measure_training(state, minilm_encoder().shared(), 3);
}
BENCHMARK(train)->Arg(12)->Arg(77)->Arg(256)->Unit(benchmark::kMillisecond);

void train_recomputed(benchmark::State& state) {
  BertEncoder encoder = minilm_encoder().shared();
  encoder.set_recompute(true);
  measure_training(state, std::move(encoder), 4);
}
BENCHMARK(train_recomputed)->Arg(12)->Arg(77)->Arg(256)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sbert
