// Loading a BERT-large of 1.3 GB from safetensors, against reading the same file, and the memory
// that it takes.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <benchmark/benchmark.h>
#include <malloc.h>
#include <unistd.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/log.h"
#include "sbert/checkpoint/hugging_face.h"
#include "sbert/checkpoint/model_files.h"

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
    const EncoderConfig config{.hidden_size = 1'024,
                               .num_layers = 24,
                               .num_attention_heads = 16,
                               .ffn_hidden_size = 4'096};
    const std::string vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n";
    SentenceModel model{.tokenizer = Tokenizer({{"vocab.txt", vocabulary}}),
                        .encoder = BertEncoder(config),
                        .prompts = {},
                        .default_prompt_name = {}};
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

void load_safetensors(benchmark::State& state) {
  set_quiet(true);
  const std::filesystem::path path = large_model().path();
  for (auto _ : state) {
    std::optional<SentenceModel> model = load_model(path);
    benchmark::DoNotOptimize(model);
    state.PauseTiming();
    model.reset();
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

// The most memory while a model is loaded, above that before, over the size of the file.
void load_peak_memory(benchmark::State& state) {
  const std::filesystem::path path = large_model().path();
  const auto size = static_cast<double>(file_size(large_model().weights()));
  for (auto _ : state) {
    ::malloc_trim(0);
    std::ofstream("/proc/self/clear_refs") << 5;  // VmHWM begins anew
    const double before = memory("VmRSS");
    benchmark::DoNotOptimize(load_model(path));
    state.counters["of_file"] = (memory("VmHWM") - before) / size;
  }
}
BENCHMARK(load_peak_memory)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sbert
