// For bench/peers/topk.py: times exact_topk(), or the matrix product alone in the same tiles, on
// two .npy files, each time a line "topk" or "product" comes in. A line of JSON goes out: seconds
// of the wall clock and of CPU time, and for "topk" each query's last score.
//
//     topk_bench QUERIES.npy CORPUS.npy K THREADS

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <string>

#include <ATen/ATen.h>

#include "sbert/embed/npy.h"
#include "sbert/nn/workers.h"
#include "sbert/search/topk.h"

namespace sbert {
namespace {

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

at::Tensor tensor_of(const FloatMatrix& matrix) {
  return at::from_blob(const_cast<float*>(matrix.values.data()), {matrix.rows, matrix.columns},
                       at::kFloat);
}

// The products that exact_topk() makes.
void multiply(const FloatMatrix& queries, const FloatMatrix& corpus, int threads) {
  constexpr struct {
    std::int64_t queries = 256;
    std::int64_t rows = 512;
  } tile;
  const at::Tensor left = tensor_of(queries);
  const at::Tensor right = tensor_of(corpus);
  const std::int64_t blocks = (corpus.rows + tile.rows - 1) / tile.rows;
  const std::int64_t tasks = std::min<std::int64_t>(8 * threads, blocks);
  for_each_worker_task(threads, static_cast<std::size_t>(tasks), [&](std::size_t task) {
    const c10::InferenceMode no_gradients;
    at::Tensor scores = at::empty({0}, at::kFloat);
    const auto number = static_cast<std::int64_t>(task);
    for (std::int64_t block = blocks * number / tasks; block < blocks * (number + 1) / tasks;
         ++block) {
      const std::int64_t begin = block * tile.rows;
      const std::int64_t rows = std::min(tile.rows, corpus.rows - begin);
      for (std::int64_t query = 0; query < queries.rows; query += tile.queries) {
        const std::int64_t count = std::min(tile.queries, queries.rows - query);
        scores.resize_({count, rows});
        at::mm_out(scores, left.narrow(0, query, count), right.narrow(0, begin, rows).t());
      }
    }
  });
}

int run(int count, char** words) {
  if (count != 5) {
    std::fputs("topk_bench QUERIES.npy CORPUS.npy K THREADS\n", stderr);
    return 2;
  }
  const FloatMatrix queries = read_npy(words[1]);
  const FloatMatrix corpus = read_npy(words[2]);
  const std::int64_t k = std::atoll(words[3]);
  const int threads = std::atoi(words[4]);
  for (std::string line; std::getline(std::cin, line);) {
    const auto wall = std::chrono::steady_clock::now();
    const double cpu = cpu_seconds();
    std::vector<std::vector<Hit>> hits;
    if (line == "topk") {
      PiecewiseTopk topk(queries, k, threads);
      topk.add(corpus, 0);
      hits = topk.take();
    } else {
      multiply(queries, corpus, threads);
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - wall;
    std::printf("{\"wall\":%.6f,\"cpu\":%.6f,\"last\":[", seconds.count(), cpu_seconds() - cpu);
    for (std::size_t i = 0; i < hits.size(); ++i)
      std::printf(i == 0 ? "%.7g" : ",%.7g", static_cast<double>(hits[i].back().score));
    std::puts("]}");
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace sbert

int main(int count, char** words) {
  return sbert::run(count, words);
}
