// For bench/peers/encoding.py: embeds the lines of a text file, or only tokenizes them on one
// thread, each time a line "32", "int8" or "tokenize" comes in. A line with the seconds goes out.
//
//     embed_bench MODEL TEXTS.txt THREADS [MAX_LENGTH]

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "sbert/checkpoint/model_files.h"
#include "sbert/data/text_lines.h"
#include "sbert/embed/packed_embedder.h"

namespace sbert {
namespace {

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

int run(int count, char** words) {
  if (count != 4 && count != 5) {
    std::fputs("embed_bench MODEL TEXTS.txt THREADS [MAX_LENGTH]\n", stderr);
    return 2;
  }
  const WorkerPool pool(std::atoi(words[3]));
  const TextModel model = load_model(words[1], pool);
  const std::vector<std::string> texts = read_texts(words[2]);
  const EmbedCall call{.max_length = count == 5 ? std::atoi(words[4]) : 0};  // 0: the model's
  std::map<std::string, PackedEmbedder> embedders;
  for (std::string line; std::getline(std::cin, line);) {
    if (line != "tokenize" && !embedders.contains(line)) {
      const CpuPrecision precision = line == "int8" ? CpuPrecision::kInt8 : CpuPrecision::kFloat32;
      embedders.try_emplace(line, model, pool, PackedEmbedderOptions{.precision = precision});
    }
    const auto wall = std::chrono::steady_clock::now();
    const double cpu = cpu_seconds();
    if (line == "tokenize") {
      for (const std::string& text : texts)
        model.tokenizer.encode(text, model.card.max_length);
    } else {
      embedders.at(line).embed(texts, call);
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - wall;
    std::printf("%.6f %.6f\n", seconds.count(), cpu_seconds() - cpu);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace sbert

int main(int count, char** words) {
  return sbert::run(count, words);
}
