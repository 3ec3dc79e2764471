#include <cstdio>
#include <string>

#include <nlohmann/json.hpp>

#include "sbert/base/progress.h"
#include "sbert/checkpoint/families/family.h"
#include "sbert/checkpoint/model_files.h"
#include "sbert/cli/commands.h"
#include "sbert/cli/option_parser.h"
#include "sbert/model/parameter_specs.h"

namespace sbert {
namespace {

enum class Format { kText, kJson };
constexpr auto enum_names(Format) {
  return std::to_array<EnumName<Format>>({{"text", Format::kText}, {"json", Format::kJson}});
}

struct InfoOptions {
  std::string model;
  Format format = Format::kText;

  static constexpr auto fields() {
    using Self = InfoOptions;
    return std::tuple{
        field("model", &Self::model, "model folder or .nemo"),
        field("format", &Self::format, "text or json"),
    };
  }
};

constexpr CommandHelp kHelp{"info", "Describes a model.", "  sbert info MiniLM/\n"};

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

nlohmann::ordered_json describe(const std::string& path, const TextModel& model) {
  const EncoderSpec& encoder = model.encoder;
  const LayerSpec& layer = encoder.layers.front();
  return {{"format", format_name(detect_model_format(path))},
          {"architecture", encoder.family},
          {"parameters", static_cast<std::int64_t>(num_parameters(encoder))},
          {"layers", std::ssize(encoder.layers)},
          {"hidden_size", encoder.width},
          {"attention_heads", layer.attention.num_heads},
          {"ffn_hidden_size", layer.feed_forward.width},
          {"vocabulary", encoder.embeddings.vocab_size},
          {"positions", encoder.embeddings.num_positions},
          {"activation", activation_name(layer.feed_forward.activation)},
          {"max_seq_length", model.card.max_length},
          {"embedding_width", embedding_width(model)},
          {"pooling", pooling_name(model.head.pooling)},
          {"normalize", model.head.normalizes},
          {"similarity", similarity_name(model.card.similarity)},
          {"prompts", model.card.prompts}};
}

std::string text_of(const nlohmann::ordered_json& value) {
  if (value.is_number_integer()) return with_thousands(value.get<std::int64_t>());
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

void run_info(const Arguments& arguments, Backend&) {
  InfoOptions options;
  OptionParser parser(kHelp, {"model"});
  add_fields(parser, options);
  parser.require("model");
  if (!parser.parse(arguments)) return;

  const auto description = describe(options.model, load_model(options.model));
  if (options.format == Format::kJson) {
    std::puts(description.dump().c_str());
    return;
  }
  for (const auto& [key, value] : description.items()) {
    std::printf("%-16s %s\n", key.c_str(), text_of(value).c_str());
  }
}

}  // namespace sbert
