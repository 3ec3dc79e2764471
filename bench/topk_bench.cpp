// For bench/peers/topk.py: times the exact search in two .npy files each time a line comes in. The
// results are each query's last score.
//
//     topk_bench QUERIES.npy CORPUS.npy K THREADS

#include <cstdio>
#include <cstdlib>

#include "bench/turns.h"
#include "sbert/embed/npy.h"
#include "sbert/search/topk.h"

namespace sbert {
namespace {

int run(int count, char** words) {
  if (count != 5) {
    std::fputs("topk_bench QUERIES.npy CORPUS.npy K THREADS\n", stderr);
    return 2;
  }
  const FloatMatrix queries = read_npy(words[1]);
  const FloatMatrix corpus = read_npy(words[2]);
  const std::int64_t k = std::atoll(words[3]);
  const WorkerPool pool(std::atoi(words[4]));
  take_turns([&] {
    std::vector<float> last;
    for (const auto& hits : exact_topk(queries, corpus, k, {pool}))
      last.push_back(hits.back().score);
    return last;
  });
  return 0;
}

}  // namespace
}  // namespace sbert

int main(int count, char** words) {
  return sbert::run(count, words);
}
