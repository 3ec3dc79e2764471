#include "sbert/search/similarity.h"

#include <cstdio>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/cli/backend.h"
#include "sbert/cli/option_parser.h"
#include "sbert/data/utf8_check.h"

namespace sbert {
namespace {

enum class Format { kText, kJson };
constexpr auto enum_names(Format) {
  return std::to_array<EnumName<Format>>({{"text", Format::kText}, {"json", Format::kJson}});
}

struct SimilarityOptions {
  std::string a;
  std::string b;
  std::string model;
  std::string prompt_name;
  Format format = Format::kText;
  EncodingOptions encoding;

  static constexpr auto fields() {
    using Self = SimilarityOptions;
    return std::tuple{
        field("a", &Self::a, "a text"),
        field("b", &Self::b, "another text"),
        field("model", &Self::model, "model folder or .nemo"),
        field("prompt_name", &Self::prompt_name, "the model's prompt to put before both"),
        field("format", &Self::format, "text or json"),
    };
  }
};

constexpr CommandHelp kHelp{
    "similarity",
    "Prints the cosine similarity of two texts: 1 for the same direction, 0 for none in common.",
    "  sbert similarity --model MiniLM/ \"A man is eating.\" \"Someone has a meal.\"\n"};

void print_similarity(const SimilarityOptions& options, Models& models) {
  const std::unique_ptr<TextEmbedder> embedder =
      open_model(models, options.model, options.encoding);
  const std::vector<std::string> texts{options.a, options.b};
  const FloatMatrix vectors =
      embedder->embed(texts, {.prompt = prompt_text(embedder->card(), options.prompt_name),
                              .max_length = options.encoding.max_length,
                              .stop = models.context().stop});
  const double cosine = cosine_similarity(vectors.row(0), vectors.row(1));
  if (options.format == Format::kJson) {
    std::puts(nlohmann::json{{"similarity", cosine}}.dump().c_str());
  } else {
    std::puts(fixed(cosine, 4).c_str());
  }
}

}  // namespace

void run_similarity(const Arguments& arguments, Backend& backend) {
  SimilarityOptions options;
  OptionParser parser(kHelp, {"a", "b"});
  add_fields(parser, options);
  add_fields(parser, options.encoding);
  for (const char* key : {"model", "a", "b"})
    parser.require(key);
  if (!parser.parse(arguments)) return;
  for (const std::string& text : {options.a, options.b})
    within("a text", [&] { check_utf8(text, "text"); });
  backend.run(options.encoding, [&](Models& models) { print_similarity(options, models); });
}

}  // namespace sbert
