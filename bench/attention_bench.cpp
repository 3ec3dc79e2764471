// Packed attention on one core, forward and backward, by length.

#include <benchmark/benchmark.h>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "bench/minilm_shape.h"
#include "sbert/nn/packed_attention.h"

namespace sbert {
namespace {

constexpr std::int64_t kTokens = 1'024;

// Of the two products of a head's queries, keys and values.
double flops(const PackedBatch& batch, std::int64_t length) {
  return 4.0 * static_cast<double>(batch.num_tokens() * length * minilm_spec().width);
}

void attention(benchmark::State& state, bool with_gradient) {
  at::set_num_threads(1);
  const PackedBatch batch = random_batch(kTokens, state.range(0));
  Tensor qkv = at::randn({batch.num_tokens(), 3 * minilm_spec().width});
  qkv.requires_grad_(with_gradient);
  const Tensor cu_seqlens = at::tensor(batch.cu_seqlens, at::kInt);
  for ([[maybe_unused]] const auto& each : state) {
    const Tensor context =
        packed_attention(qkv, cu_seqlens, minilm_spec().layers.front().attention.num_heads, {});
    if (with_gradient) context.sum().backward();
  }
  const double passes = with_gradient ? 3.5 : 1;  // the backward pass has five products
  state.counters["GFLOP/s"] = benchmark::Counter(
      static_cast<double>(state.iterations()) * flops(batch, state.range(0)) * passes * 1e-9,
      benchmark::Counter::kIsRate);
  // Queries, keys, values and the context; backward, the gradients of all and the context again.
  const double values =
      static_cast<double>(batch.num_tokens() * minilm_spec().width) * (with_gradient ? 4 + 9 : 4);
  state.counters["flop/byte"] = flops(batch, state.range(0)) * passes / (values * sizeof(float));
}
BENCHMARK_CAPTURE(attention, forward, false)
    ->Arg(12)
    ->Arg(77)
    ->Arg(256)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(attention, forward_backward, true)
    ->Arg(12)
    ->Arg(77)
    ->Arg(256)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sbert
