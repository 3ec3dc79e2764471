#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/cli/commands.h"
#include "sbert/cli/model_option.h"
#include "sbert/cli/option_parser.h"
#include "sbert/data/text_lines.h"
#include "sbert/eval/model_embeddings.h"
#include "sbert/eval/paraphrase_mining.h"
#include "sbert/search/similarity.h"

namespace sbert {
namespace {

struct ParaphrasesOptions {
  std::string model;
  std::string input = "-";
  std::int64_t pairs = 100;
  std::int64_t neighbours = 100;
  std::optional<double> threshold;
  std::string prompt_name;
  std::int64_t max_length = 0;
  int threads = 0;
  std::string device = "auto";
  std::string format = "text";

  static constexpr auto fields() {
    using Self = ParaphrasesOptions;
    return std::tuple{
        field("model", &Self::model, "model folder or .nemo"),
        field("input", &Self::input, "JSON Lines with \"text\" (.jsonl), text, or - for stdin"),
        field("pairs", &Self::pairs, "pairs to print, at most"),
        field("neighbours", &Self::neighbours, "nearest texts that are looked at, of each text"),
        field("threshold", &Self::threshold, "least similarity of a pair"),
        field("prompt_name", &Self::prompt_name, "the model's prompt to put before each text"),
        field("max_length", &Self::max_length, "tokens a text is cut to; 0: the model's"),
        field("threads", &Self::threads, "0: every core"),
        field("device", &Self::device, kDeviceHelp),
        field("format", &Self::format, "text, or jsonl: an object a pair"),
    };
  }
};

constexpr CommandHelp kHelp{
    "paraphrases",
    "Finds the pairs of texts whose embeddings are nearest to each other, best first.",
    "  sbert paraphrases --model MiniLM/ --input questions.txt --threshold 0.9\n"
    "  sbert paraphrases --model MiniLM/ --input texts.jsonl --pairs 1000 --format jsonl\n"};

void print_pair(const ScoredRows& pair,
                const std::vector<TextRecord>& records,
                const std::string& format) {
  const TextRecord& first = records[static_cast<std::size_t>(pair.first)];
  const TextRecord& second = records[static_cast<std::size_t>(pair.second)];
  if (format == "text") {
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

}  // namespace

void run_paraphrases(const Words& words) {
  ParaphrasesOptions options;
  OptionParser parser(kHelp, {});
  add_fields(parser, options);
  parser.require("model");
  parser.choices("format", {"text", "jsonl"});
  if (!parser.parse(words)) return;
  if (options.pairs < 1) fail(ErrorKind::kUsage, "--pairs must be at least 1");
  if (options.neighbours < 1) fail(ErrorKind::kUsage, "--neighbours must be at least 1");

  const std::vector<TextRecord> records = read_text_records(options.input);
  const SentenceModel model = load_model_on(options.model, options.device);
  ModelEmbeddings source(model, {.prompt_name = options.prompt_name,
                                 .max_length = options.max_length,
                                 .threads = options.threads});
  FloatMatrix embeddings = source.embed(texts_of(records), TextRole::kSymmetric);
  make_similarity_a_dot_product(model, embeddings);
  const auto pairs =
      mine_paraphrases(embeddings, {.neighbours = options.neighbours, .max_pairs = options.pairs});
  for (const ScoredRows& pair : pairs) {
    if (options.threshold && static_cast<double>(pair.score) < *options.threshold) break;
    print_pair(pair, records, options.format);
  }
}

}  // namespace sbert
