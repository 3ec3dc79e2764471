#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/checkpoint/model_files.h"
#include "sbert/cli/commands.h"
#include "sbert/cli/option_parser.h"
#include "sbert/embed/packed_embedder.h"

namespace sbert {

namespace {

struct ConvertOptions {
  std::string input;
  std::string output;
  std::optional<ModelFormat> format;
  std::string tokenizer;
  Precision precision = Precision::k32;
  NemoForm nemo_form = NemoForm::kBlocks;
  bool overwrite = false;
  std::string hparams_file;

  static constexpr auto fields() {
    using Self = ConvertOptions;
    return std::tuple{
        field("input", &Self::input,
              "Hugging Face or sentence-transformers folder, or .nemo (also --input_name_or_path)"),
        field("output", &Self::output, "what to write (also --output_path)"),
        field(
            "format", &Self::format,
            "nemo, sentence-transformers or hf; default: nemo for a name that ends in .nemo, else "
            "sentence-transformers"),
        field("tokenizer", &Self::tokenizer,
              "folder with tokenizer files, for a .nemo that holds none"),
        field("precision", &Self::precision, "of the weights: 32, bf16 or 16"),
        field(
            "nemo_form", &Self::nemo_form,
            "of a .nemo: blocks (NeMo 1.23, megatron_legacy), interleaved (megatron_legacy: false) "
            "or mcore (Megatron Core)"),
        field("overwrite", &Self::overwrite,
              "write into a folder that holds other files too: those of a model are replaced, all "
              "others stay"),
        field("hparams_file", &Self::hparams_file,
              "accepted for NeMo's sake; every setting comes from the model"),
    };
  }
};

constexpr CommandHelp kHelp{
    "convert",
    "Converts a model to another format, reads it back, compares the embeddings of two questions "
    "and\n"
    "two passages, and only then puts it in place. A difference above 1e-5 of an embedding's "
    "length is an\n"
    "error (above 0.05 with --precision bf16, 0.01 with 16). An output folder may be empty, or "
    "hold "
    "a\n"
    "model that sbert wrote, which is replaced; with other files in it it is refused, unless "
    "--overwrite\n"
    "is given, and they stay.",
    "  sbert convert --input MiniLM/ --output minilm.nemo\n"
    "  sbert convert --input_name_or_path tuned.nemo --output_path tuned/\n"};

// Of the elements of embeddings, as parts of their length.
double largest_difference_allowed(Precision precision) {
  switch (precision) {
    case Precision::k32:
      return 1e-5;
    case Precision::kBf16:
      return 0.05;
    case Precision::k16:
      return 0.01;
  }
  return 0;
}

// NeMo's two spellings for ours.
Arguments with_our_names(Arguments words) {
  const std::pair<std::string, std::string> names[] = {{"--input_name_or_path", "--input"},
                                                       {"--output_path", "--output"},
                                                       {"--hparams_file", "--hparams-file"}};
  for (std::string& word : words) {
    for (const auto& [theirs, ours] : names) {
      if (word == theirs || word.starts_with(theirs + "=")) word.replace(0, theirs.size(), ours);
    }
  }
  return words;
}

ModelFormat output_format(const ConvertOptions& options) {
  if (options.format) return *options.format;
  return options.output.ends_with(".nemo") ? ModelFormat::kNemo
                                           : ModelFormat::kSentenceTransformers;
}

FloatMatrix embed_probes(TextModel model, const WorkerPool& pool) {
  const std::vector<std::string> probes{
      "query: how much protein should a female eat", "query: summit define",
      "passage: As a general guideline, the average requirement of protein for women ages 19 to 70 "
      "is 46 grams a day.",
      "passage: Definition of summit for English language learners: the highest point of a "
      "mountain."};
  return PackedEmbedder(std::move(model), pool).embed(probes, {.stop = signal_stop_token()});
}

double length(std::span<const float> row) {
  double sum = 0;
  for (const float value : row)
    sum += static_cast<double>(value) * value;
  return std::sqrt(sum);
}

// Between elements, as a part of the length of the embedding in `a`. NaN in both is the same, in
// one of them an infinite difference.
double largest_difference(const FloatMatrix& a, const FloatMatrix& b) {
  double largest = 0;
  for (std::int64_t row = 0; row < a.rows; ++row) {
    const double size = length(a.row(row));
    for (std::size_t i = 0; i < a.row(row).size(); ++i) {
      const double before = a.row(row)[i];
      const double after = b.row(row)[i];
      if (before == after || (std::isnan(before) && std::isnan(after))) continue;
      const double difference = std::abs(before - after) / (size > 0 ? size : 1);
      largest = std::isnan(difference) ? INFINITY : std::max(largest, difference);
    }
  }
  return largest;
}

// What the form cannot hold was warned of; what it holds must be read back.
double check(const ConvertOptions& options,
             TextModel model,
             const std::filesystem::path& written,
             const WorkerPool& pool) {
  const TextModel held = as_held_by(output_format(options), std::move(model));
  const FloatMatrix before = embed_probes(held, pool);
  const FloatMatrix after = embed_probes(load_model(written, pool), pool);
  const double difference = largest_difference(before, after);
  if (difference <= largest_difference_allowed(options.precision)) return difference;
  const std::string what =
      concat("embeddings of what was written differ by ", difference, " of their length");
  if (options.precision == Precision::k32)
    fail(ErrorKind::kInternal, concat(options.output, ": ", what));
  fail(ErrorKind::kInput, concat(options.input, ": --precision ", enum_name(options.precision),
                                 " is not enough for this model, use 32: ", what));
}

}  // namespace

void run_convert(const Arguments& arguments, Backend&) {
  ConvertOptions options;
  OptionParser parser(kHelp, {});
  add_fields(parser, options);
  for (const char* key : {"input", "output"})
    parser.require(key);
  if (!parser.parse(with_our_names(arguments))) return;

  detect_model_format(options.input);
  if (options.output.empty()) fail(ErrorKind::kUsage, "--output is empty");
  ModelOutput output(options.output, {.format = output_format(options),
                                      .precision = options.precision,
                                      .nemo_form = options.nemo_form,
                                      .overwrites = options.overwrite});
  const WorkerPool pool;
  TextModel model = load_model(options.input, pool, options.tokenizer);
  output.write(model);
  const double difference = check(options, std::move(model), output.temporary(), pool);
  output.commit();
  std::printf("%s: written; largest difference of 4 embeddings after reading it back: %s\n",
              options.output.c_str(), concat(difference).c_str());
}

}  // namespace sbert
