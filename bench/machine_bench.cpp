// What one core of this machine can do at most: the rate of a large matrix product, and of memory.

#include <cstring>
#include <vector>

#include <benchmark/benchmark.h>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

namespace sbert {
namespace {

void large_product(benchmark::State& state) {
  at::set_num_threads(1);
  const at::InferenceMode no_gradients;
  constexpr std::int64_t kSide = 1'536;
  const at::Tensor a = at::randn({kSide, kSide});
  const at::Tensor b = at::randn({kSide, kSide});
  for ([[maybe_unused]] const auto& each : state)
    benchmark::DoNotOptimize(a.mm(b));
  const double flops = 2.0 * kSide * kSide * kSide * static_cast<double>(state.iterations());
  state.counters["GFLOP/s"] = benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsRate);
}
BENCHMARK(large_product)->Unit(benchmark::kMillisecond);

// Reads and writes: twice the bytes that are copied.
void copy_memory(benchmark::State& state) {
  constexpr std::size_t kBytes = 512ULL << 20;
  const std::vector<char> from(kBytes, 'a');
  std::vector<char> to(kBytes);
  for ([[maybe_unused]] const auto& each : state) {
    std::memcpy(to.data(), from.data(), kBytes);
    benchmark::ClobberMemory();
  }
  state.counters["GB/s"] = benchmark::Counter(
      2e-9 * kBytes * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(copy_memory)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sbert
