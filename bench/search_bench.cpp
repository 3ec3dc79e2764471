// Exact top-100 of 256 queries among 100,000 rows, on all cores, beside torch's matrix product.

#include <random>

#include <benchmark/benchmark.h>

#include <ATen/ATen.h>

#include "sbert/search/topk.h"

namespace sbert {
namespace {

constexpr std::int64_t kQueries = 256;
constexpr std::int64_t kRows = 100'000;
constexpr std::int64_t kColumns = 384;

FloatMatrix random_matrix(std::int64_t rows) {
  std::mt19937 random(0);
  std::normal_distribution<float> normal;
  FloatMatrix matrix(rows, kColumns);
  for (float& value : matrix.values)
    value = normal(random);
  return matrix;
}

void count(benchmark::State& state) {
  state.counters["GFLOP/s"] = benchmark::Counter(
      static_cast<double>(state.iterations()) * 2e-9 * kQueries * kRows * kColumns,
      benchmark::Counter::kIsRate);
}

void search_sgemm(benchmark::State& state) {
  const at::InferenceMode no_gradients;
  const at::Tensor queries = at::randn({kQueries, kColumns});
  const at::Tensor corpus = at::randn({kRows, kColumns});
  for ([[maybe_unused]] const auto& each : state) {
    benchmark::DoNotOptimize(queries.mm(corpus.t()));
  }
  count(state);
}
BENCHMARK(search_sgemm)->Unit(benchmark::kMillisecond)->UseRealTime();

void exact_top_100(benchmark::State& state) {
  const FloatMatrix queries = random_matrix(kQueries);
  const FloatMatrix corpus = random_matrix(kRows);
  const WorkerPool pool;
  for ([[maybe_unused]] const auto& each : state) {
    benchmark::DoNotOptimize(exact_topk(queries, corpus, 100, {pool}));
  }
  count(state);
}
BENCHMARK(exact_top_100)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace sbert
