// Prints how near two sentences are to a first one: embed MODEL

#include <cstdio>
#include <string>
#include <vector>

#include "sbert/base/error.h"
#include "sbert/base/worker_pool.h"
#include "sbert/checkpoint/model_files.h"
#include "sbert/embed/packed_embedder.h"
#include "sbert/search/similarity.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: embed MODEL (a model folder or a .nemo)\n", stderr);
    return 2;
  }
  try {
    const std::vector<std::string> texts{"A man is eating food.", "Someone has a meal.",
                                         "The sky is blue."};
    const sbert::WorkerPool pool;  // a thread for each core
    const sbert::PackedEmbedder embedder(sbert::load_model(argv[1], pool), pool);
    const sbert::FloatMatrix vectors = embedder.embed(texts, {});
    for (const int i : {1, 2}) {
      const double cosine = sbert::cosine_similarity(vectors.row(0), vectors.row(i));
      std::printf("%.4f  %s\n", cosine, texts[static_cast<std::size_t>(i)].c_str());
    }
  } catch (const sbert::Error& error) {
    std::fprintf(stderr, "embed: %s\n", error.what());
    return sbert::exit_code(error.kind());
  }
}
