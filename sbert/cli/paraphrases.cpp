#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/cli/backend.h"
#include "sbert/cli/filled_texts.h"
#include "sbert/cli/input_help.h"
#include "sbert/cli/option_parser.h"
#include "sbert/data/text_excerpt.h"
#include "sbert/data/text_lines.h"
#include "sbert/eval/role_embedder.h"
#include "sbert/search/paraphrase_mining.h"
#include "sbert/search/similarity.h"

namespace sbert {
namespace {

enum class Format { kText, kJsonLines };
constexpr auto enum_names(Format) {
  return std::to_array<EnumName<Format>>({{"text", Format::kText}, {"jsonl", Format::kJsonLines}});
}

struct ParaphrasesOptions {
  std::string model;
  std::string input = "-";
  std::optional<InputFormat> input_format;
  std::int64_t pairs = 100;
  std::int64_t neighbours = 100;
  std::optional<double> threshold;
  std::string prompt_name;
  Format format = Format::kText;
  EncodingOptions encoding;

  static constexpr auto fields() {
    using Self = ParaphrasesOptions;
    return std::tuple{
        field("model", &Self::model, "model folder or .nemo"),
        field("input", &Self::input, kInputHelp),
        field("input_format", &Self::input_format, kInputFormatHelp),
        field("pairs", &Self::pairs, "pairs to print, at most"),
        field("neighbours", &Self::neighbours, "nearest texts that are looked at, of each text"),
        field("threshold", &Self::threshold, "least similarity of a pair"),
        field("prompt_name", &Self::prompt_name, "the model's prompt to put before each text"),
        field("format", &Self::format, "text, or jsonl: an object a pair"),
    };
  }
};

constexpr CommandHelp kHelp{
    "paraphrases",
    "Finds the pairs of texts whose embeddings are nearest to each other, best first.",
    "  sbert paraphrases --model MiniLM/ --input questions.txt --threshold 0.9\n"
    "  sbert paraphrases --model MiniLM/ --input texts.jsonl --pairs 1000 --format jsonl\n"};

void print_pair(const ScoredRows& pair, const std::vector<TextRecord>& records, Format format) {
  const TextRecord& first = records[static_cast<std::size_t>(pair.first)];
  const TextRecord& second = records[static_cast<std::size_t>(pair.second)];
  if (format == Format::kText) {
    std::printf("%s  %s | %s\n", fixed(pair.score, 4).c_str(), excerpt(first.text).c_str(),
                excerpt(second.text).c_str());
    return;
  }
  const nlohmann::ordered_json line{{"score", pair.score},
                                    {"id1", first.id},
                                    {"id2", second.id},
                                    {"sentence1", first.text},
                                    {"sentence2", second.text}};
  std::puts(line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

void find_paraphrases(const ParaphrasesOptions& options, Models& models) {
  const std::vector<TextRecord> records = read_filled_texts(options.input, options.input_format);
  const std::unique_ptr<TextEmbedder> embedder =
      open_model(models, options.model, options.encoding);
  RoleEmbedder source(
      *embedder, {.prompt_name = options.prompt_name, .max_length = options.encoding.max_length},
      models.context());
  FloatMatrix embeddings = source.embed(texts_of(records), TextRole::kSymmetric);
  normalize_for_dot_product(*embedder, embeddings);
  const auto pairs = mine_paraphrases(
      embeddings, {.neighbours = options.neighbours, .max_pairs = options.pairs}, models.context());
  for (const ScoredRows& pair : pairs) {
    if (options.threshold && static_cast<double>(pair.score) < *options.threshold) break;
    print_pair(pair, records, options.format);
  }
}

}  // namespace

void run_paraphrases(const Arguments& arguments, Backend& backend) {
  ParaphrasesOptions options;
  OptionParser parser(kHelp, {});
  add_fields(parser, options);
  add_fields(parser, options.encoding);
  parser.require("model");
  if (!parser.parse(arguments)) return;
  if (options.pairs < 1) fail(ErrorKind::kUsage, "--pairs must be at least 1");
  if (options.neighbours < 1) fail(ErrorKind::kUsage, "--neighbours must be at least 1");
  backend.run(options.encoding, [&](Models& models) { find_paraphrases(options, models); });
}

}  // namespace sbert
