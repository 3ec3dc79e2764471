// For bench/peers/topk.py: times torch's product of the rows of two .npy files each time a line
// comes in, in tiles whose results stay in a core's cache, a thread's own.
//
//     sgemm_bench QUERIES.npy CORPUS.npy THREADS

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "bench/turns.h"
#include "sbert/base/worker_pool.h"
#include "sbert/embed/npy.h"

namespace sbert {
namespace {

constexpr std::int64_t kTileQueries = 256;
constexpr std::int64_t kTileRows = 512;

at::Tensor tensor_of(const FloatMatrix& matrix) {
  return at::from_blob(const_cast<float*>(matrix.values.data()), {matrix.rows, matrix.columns},
                       at::kFloat);
}

void multiply(const FloatMatrix& queries, const FloatMatrix& corpus, const WorkerPool& pool) {
  const at::Tensor left = tensor_of(queries);
  const at::Tensor right = tensor_of(corpus);
  const std::int64_t blocks = (corpus.rows + kTileRows - 1) / kTileRows;
  const std::int64_t tasks = std::min<std::int64_t>(8 * pool.num_threads(), blocks);
  pool.for_each(static_cast<std::size_t>(tasks), [&](std::size_t task) {
    const c10::InferenceMode no_gradients;
    at::set_num_threads(1);  // counts for the thread that calls it
    at::Tensor scores = at::empty({0}, at::kFloat);
    const auto number = static_cast<std::int64_t>(task);
    for (std::int64_t block = blocks * number / tasks; block < blocks * (number + 1) / tasks;
         ++block) {
      const std::int64_t begin = block * kTileRows;
      const std::int64_t rows = std::min(kTileRows, corpus.rows - begin);
      for (std::int64_t query = 0; query < queries.rows; query += kTileQueries) {
        const std::int64_t count = std::min(kTileQueries, queries.rows - query);
        scores.resize_({count, rows});
        at::mm_out(scores, left.narrow(0, query, count), right.narrow(0, begin, rows).t());
      }
    }
  });
}

int run(int count, char** words) {
  if (count != 4) {
    std::fputs("sgemm_bench QUERIES.npy CORPUS.npy THREADS\n", stderr);
    return 2;
  }
  const FloatMatrix queries = read_npy(words[1]);
  const FloatMatrix corpus = read_npy(words[2]);
  const WorkerPool pool(std::atoi(words[3]));
  take_turns([&] {
    multiply(queries, corpus, pool);
    return std::vector<float>{};
  });
  return 0;
}

}  // namespace
}  // namespace sbert

int main(int count, char** words) {
  return sbert::run(count, words);
}
