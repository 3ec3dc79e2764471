// Loading a BERT-large of 1.3 GB from safetensors, against reading the same file, and the memory
// that it takes.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <malloc.h>
#include <unistd.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/log.h"
#include "sbert/checkpoint/families/bert.h"
#include "sbert/checkpoint/model_files.h"
#include "sbert/embed/packed_embedder.h"
#include "sbert/model/parameter_specs.h"

namespace sbert {
namespace {

// A folder with the model, which goes with the program. The weights are zeros in a file without
// holes: what they are does not matter to the time.
class LargeModel {
 public:
  LargeModel() {
    std::string name = (std::filesystem::temp_directory_path() / "sbert_load_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) fail(ErrorKind::kIo, concat("cannot make ", name));
    folder_ = name;
    const EncoderSpec spec = bert_spec({.hidden_size = 1'024,
                                        .num_layers = 24,
                                        .num_attention_heads = 16,
                                        .ffn_hidden_size = 4'096});
    Weights weights;
    for (const ParameterSpec& each : parameter_specs(spec)) {
      const std::int64_t count = std::accumulate(each.shape.begin(), each.shape.end(),
                                                 std::int64_t{1}, std::multiplies<>());
      weights.push_back(
          make_weight(each.name, each.shape, std::vector<float>(static_cast<std::size_t>(count))));
    }
    const std::string vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n";
    const TextModel model{.tokenizer = Tokenizer(TokenizerFiles{{"vocab.txt", vocabulary}}),
                          .encoder = spec,
                          .weights = std::move(weights),
                          .head = {},
                          .card = {}};
    save_model(model, folder_ / "model", ModelFormat::kSentenceTransformers);
  }
  ~LargeModel() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::filesystem::path path() const { return folder_ / "model"; }
  std::filesystem::path weights() const { return path() / "model.safetensors"; }

 private:
  std::filesystem::path folder_;
};

const LargeModel& large_model() {
  static const LargeModel model;
  return model;
}

void read_file_warm(benchmark::State& state) {
  const std::string command = concat("cat ", large_model().weights(), " > /dev/null");
  for (auto _ : state) {
    if (std::system(command.c_str()) != 0) state.SkipWithError("cat failed");
  }
  state.SetBytesProcessed(state.iterations() *
                          static_cast<std::int64_t>(file_size(large_model().weights())));
}
BENCHMARK(read_file_warm)->Unit(benchmark::kMillisecond)->UseRealTime()->MinTime(3);

// The model ready to embed: its weights mapped, and laid out for the processor.
void load_safetensors(benchmark::State& state) {
  set_quiet(true);
  const WorkerPool pool;
  const std::filesystem::path path = large_model().path();
  for (auto _ : state) {
    std::optional<PackedEmbedder> embedder(std::in_place, load_model(path, pool), pool);
    benchmark::DoNotOptimize(embedder);
    state.PauseTiming();
    embedder.reset();
    state.ResumeTiming();
  }
  state.SetBytesProcessed(state.iterations() *
                          static_cast<std::int64_t>(file_size(large_model().weights())));
}
BENCHMARK(load_safetensors)->Unit(benchmark::kMillisecond)->UseRealTime()->MinTime(3);

// A line of /proc/self/status, in bytes: "VmHWM" is the most memory so far, "VmRSS" that of now.
double memory(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kibibytes = 0;
    if (word == key + ":" && status >> kibibytes) return kibibytes * 1'024;
  }
  fail(ErrorKind::kIo, concat("/proc/self/status has no ", key));
}

// The most memory while a model is made ready, above that before, over the size of the file.
void load_peak_memory(benchmark::State& state) {
  const WorkerPool pool;
  const std::filesystem::path path = large_model().path();
  const auto size = static_cast<double>(file_size(large_model().weights()));
  for (auto _ : state) {
    ::malloc_trim(0);
    std::ofstream("/proc/self/clear_refs") << 5;  // VmHWM begins anew
    const double before = memory("VmRSS");
    const PackedEmbedder embedder(load_model(path, pool), pool);
    state.counters["of_file"] = (memory("VmHWM") - before) / size;
  }
}
BENCHMARK(load_peak_memory)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sbert
