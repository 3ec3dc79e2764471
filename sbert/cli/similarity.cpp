#include "sbert/search/similarity.h"

#include <cstdio>
#include <string>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/checkpoint/model_files.h"
#include "sbert/cli/commands.h"
#include "sbert/cli/option_parser.h"
#include "sbert/embed/embedder.h"

namespace sbert {
namespace {

struct SimilarityOptions {
  std::string a;
  std::string b;
  std::string model;
  std::string prompt_name;
  std::string precision = "32";
  std::string format = "text";

  static constexpr auto fields() {
    using Self = SimilarityOptions;
    return std::tuple{
        field("a", &Self::a, "a text"),
        field("b", &Self::b, "another text"),
        field("model", &Self::model, "model folder or .nemo"),
        field("prompt_name", &Self::prompt_name, "the model's prompt to put before both"),
        field("precision", &Self::precision,
              "of the matrix products: 32, or int8, which is faster and nearly as good"),
        field("format", &Self::format, "text or json"),
    };
  }
};

constexpr CommandHelp kHelp{
    "similarity",
    "Prints the cosine similarity of two texts: 1 for the same direction, 0 for none in common.",
    "  sbert similarity --model MiniLM/ \"A man is eating.\" \"Someone has a meal.\"\n"};

}  // namespace

void run_similarity(const Words& words) {
  SimilarityOptions options;
  OptionParser parser(kHelp, {"a", "b"});
  add_fields(parser, options);
  for (const char* key : {"model", "a", "b"})
    parser.require(key);
  parser.choices("precision", {"32", "int8"});
  parser.choices("format", {"text", "json"});
  if (!parser.parse(words)) return;

  const SentenceModel model = load_model(options.model);
  const FloatMatrix vectors =
      embed_texts(model, {options.a, options.b},
                  {.prompt = prompt_text(model, options.prompt_name),
                   .precision = inference_precision_from_name(options.precision)});
  const double cosine = cosine_similarity(vectors.row(0), vectors.row(1));
  if (options.format == "json") {
    std::puts(nlohmann::json{{"similarity", cosine}}.dump().c_str());
  } else {
    std::puts(fixed(cosine, 4).c_str());
  }
}

}  // namespace sbert
