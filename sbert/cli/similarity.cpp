#include "sbert/search/similarity.h"

#include <cstdio>
#include <string>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/cli/commands.h"
#include "sbert/cli/model_option.h"
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
  std::string device = "auto";

  static constexpr auto fields() {
    using Self = SimilarityOptions;
    return std::tuple{
        field("a", &Self::a, "a text"),
        field("b", &Self::b, "another text"),
        field("model", &Self::model, "model folder or .nemo"),
        field("prompt_name", &Self::prompt_name, "the model's prompt to put before both"),
        field("format", &Self::format, "text or json"),
        field("device", &Self::device, kDeviceHelp),
        field("precision", &Self::precision, kPrecisionHelp),
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
  parser.choices("precision", {"32", "int8", "bf16", "16"});
  parser.choices("format", {"text", "json"});
  if (!parser.parse(words)) return;

  const SentenceModel model = load_model_on(options.model, options.device, options.precision);
  const FloatMatrix vectors = embed_texts(model, {options.a, options.b},
                                          {.prompt = prompt_text(model, options.prompt_name),
                                           .precision = inference_precision(options.precision)});
  const double cosine = cosine_similarity(vectors.row(0), vectors.row(1));
  if (options.format == "json") {
    std::puts(nlohmann::json{{"similarity", cosine}}.dump().c_str());
  } else {
    std::puts(fixed(cosine, 4).c_str());
  }
}

}  // namespace sbert
