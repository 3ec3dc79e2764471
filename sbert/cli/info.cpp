#include <cstdio>
#include <string>

#include <nlohmann/json.hpp>

#include "sbert/base/progress.h"
#include "sbert/checkpoint/model_files.h"
#include "sbert/cli/commands.h"
#include "sbert/cli/option_parser.h"

namespace sbert {
namespace {

struct InfoOptions {
  std::string model;
  std::string format = "text";

  static constexpr auto fields() {
    using Self = InfoOptions;
    return std::tuple{
        field("model", &Self::model, "model folder or .nemo"),
        field("format", &Self::format, "text or json"),
    };
  }
};

constexpr CommandHelp kHelp{"info", "Prints what a model is.", "  sbert info MiniLM/\n"};

std::string_view format_name(ModelFormat format) {
  switch (format) {
    case ModelFormat::kHuggingFace:
      return "Hugging Face folder";
    case ModelFormat::kSentenceTransformers:
      return "sentence-transformers folder";
    case ModelFormat::kNemo:
      return ".nemo archive";
  }
  return "";
}

std::string_view activation_name(Activation activation) {
  switch (activation) {
    case Activation::kGelu:
      return "gelu";
    case Activation::kGeluTanh:
      return "gelu_tanh";
    case Activation::kRelu:
      return "relu";
  }
  return "";
}

nlohmann::ordered_json describe(const std::string& path, const SentenceModel& model) {
  const EncoderConfig& config = model.encoder.config();
  return {{"format", format_name(detect_model_format(path))},
          {"parameters", model.encoder.num_parameters()},
          {"layers", config.num_layers},
          {"hidden_size", config.hidden_size},
          {"attention_heads", config.num_attention_heads},
          {"ffn_hidden_size", config.ffn_hidden_size},
          {"vocabulary", config.vocab_size},
          {"positions", config.max_position_embeddings},
          {"activation", activation_name(config.activation)},
          {"max_seq_length", model.max_seq_length},
          {"pooling", pooling_name(model.pooling)},
          {"normalize", model.normalize},
          {"similarity", model.similarity},
          {"prompts", model.prompts}};
}

std::string text_of(const nlohmann::ordered_json& value) {
  if (value.is_number_integer()) return with_thousands(value.get<std::int64_t>());
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

void run_info(const Words& words) {
  InfoOptions options;
  OptionParser parser(kHelp, {"model"});
  add_fields(parser, options);
  parser.require("model");
  parser.choices("format", {"text", "json"});
  if (!parser.parse(words)) return;

  const auto description = describe(options.model, load_model(options.model));
  if (options.format == "json") {
    std::puts(description.dump().c_str());
    return;
  }
  for (const auto& [key, value] : description.items()) {
    std::printf("%-16s %s\n", key.c_str(), text_of(value).c_str());
  }
}

}  // namespace sbert
