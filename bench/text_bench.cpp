// Tokenizing on one core. The vocabulary is that of the model that SBERT_TEST_MODEL names; ./run
// bench sets it.

#include <cstdlib>
#include <string>

#include <benchmark/benchmark.h>

#include "sbert/text/tokenizer.h"

namespace sbert {
namespace {

void tokenize(benchmark::State& state) {
  const char* model = std::getenv("SBERT_TEST_MODEL");
  if (model == nullptr) {
    state.SkipWithError("SBERT_TEST_MODEL is not set to a model folder");
    return;
  }
  const Tokenizer tokenizer(read_tokenizer_files(model));
  const std::string text =
      "This package contains the shared library, which monitors processes and network "
      "connections; it's configurable through plugins (see README.Debian). Unicode: café. ";
  std::string long_text;
  while (long_text.size() < static_cast<std::size_t>(state.range(0)))
    long_text += text;
  for ([[maybe_unused]] const auto& each : state) {
    benchmark::DoNotOptimize(tokenizer.encode(long_text, 1 << 20));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(long_text.size()));
}
BENCHMARK(tokenize)->Arg(160)->Arg(4'000);

}  // namespace
}  // namespace sbert
