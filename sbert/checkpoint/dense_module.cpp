#include "sbert/checkpoint/dense_module.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/checkpoint/model_json.h"
#include "sbert/checkpoint/safetensors.h"
#include "sbert/checkpoint/weight_files.h"
#include "sbert/text/json_fields.h"

namespace sbert {
namespace {

using nlohmann::json;

constexpr const char* kWeight = "linear.weight";
constexpr const char* kBias = "linear.bias";
constexpr std::int64_t kMaxWidth = 65'536;

constexpr std::array<std::pair<std::string_view, Activation>, 5> kActivations = {{
    {"torch.nn.modules.linear.Identity", Activation::kIdentity},
    {"torch.nn.modules.activation.Tanh", Activation::kTanh},
    {"torch.nn.modules.activation.ReLU", Activation::kRelu},
    {"torch.nn.modules.activation.GELU", Activation::kGelu},
    {"torch.nn.modules.activation.SiLU", Activation::kSilu},
}};

std::string_view class_of(Activation activation) {
  for (const auto& [name, known] : kActivations) {
    if (known == activation) return name;
  }
  fail(ErrorKind::kInput, "a Dense module of sentence-transformers cannot name the activation");
}

Activation read_activation(const json& config) {
  const std::optional<std::string> name = read_string(config, "activation_function");
  if (!name) return Activation::kTanh;
  std::string known;
  for (const auto& [each, activation] : kActivations) {
    if (each == *name) return activation;
    known += concat(known.empty() ? "" : ", ", each);
  }
  fail(ErrorKind::kInput, concat("activation_function must be one of ", known, ": ", *name));
}

// What the module is, but for its numbers.
struct DenseConfig {
  std::int64_t in = 0;
  std::int64_t out = 0;
  bool has_bias = true;
  Activation activation = Activation::kTanh;
};

std::int64_t read_width(const json& config, const char* key) {
  const std::int64_t width = read_integer(config, key).value_or(0);
  if (width < 1 || width > kMaxWidth) {
    fail(ErrorKind::kInput, concat(key, " must be from 1 to ", kMaxWidth, ": ", width));
  }
  return width;
}

DenseConfig read_config(const json& config, std::int64_t width) {
  if (read_bool(config, "use_residual").value_or(false)) {
    fail(ErrorKind::kInput, "use_residual must be false: residual Dense modules are not supported");
  }
  for (const char* key : {"module_input_name", "module_output_name"}) {
    const std::string name = read_string(config, key).value_or("sentence_embedding");
    if (name != "sentence_embedding") {
      fail(ErrorKind::kInput,
           concat(key, " must be \"sentence_embedding\", the only one supported: ", name));
    }
  }
  const DenseConfig result{.in = read_width(config, "in_features"),
                           .out = read_width(config, "out_features"),
                           .has_bias = read_bool(config, "bias").value_or(true),
                           .activation = read_activation(config)};
  if (result.in != width) {
    fail(ErrorKind::kInput, concat("in_features must be the ", width,
                                   " dimensions of the module before, not ", result.in));
  }
  return result;
}

Weight take(Weights& weights, const char* name, const std::vector<std::int64_t>& shape) {
  for (auto weight = weights.begin(); weight != weights.end(); ++weight) {
    if (weight->name != name) continue;
    if (!is_floating_point(weight->type)) {
      fail(
          ErrorKind::kInput,
          concat("tensor ", name, ": the type must be a floating-point one: ", type_text(*weight)));
    }
    if (weight->shape != shape) {
      fail(ErrorKind::kInput, concat("tensor ", name, ": expected the shape ", shape_text(shape),
                                     ", found ", shape_text(weight->shape)));
    }
    Weight taken = std::move(*weight);
    weights.erase(weight);
    return taken;
  }
  fail(ErrorKind::kInput, concat("tensor ", name, " is missing"));
}

}  // namespace

DenseLayer read_dense_module(const std::filesystem::path& folder, std::int64_t width) {
  const std::filesystem::path config_file = folder / "config.json";
  const std::optional<json> file = read_optional_json(config_file);
  if (!file) fail(ErrorKind::kInput, concat(config_file, ": is missing"));
  const DenseConfig config =
      within(config_file.native(), [&] { return read_config(*file, width); });
  Weights weights = read_folder_weights(folder);
  return within(folder.native(), [&] {
    DenseLayer layer{.weight = take(weights, kWeight, {config.out, config.in}),
                     .bias = std::nullopt,
                     .activation = config.activation};
    if (config.has_bias) layer.bias = take(weights, kBias, {config.out});
    if (!weights.empty()) {
      fail(ErrorKind::kInput,
           concat("tensor ", weights[0].name, " has no place in a Dense module"));
    }
    return layer;
  });
}

void write_dense_module(const DenseLayer& layer,
                        const std::filesystem::path& folder,
                        Precision precision) {
  const nlohmann::ordered_json config = {{"in_features", layer.weight.shape.at(1)},
                                         {"out_features", layer.weight.shape.at(0)},
                                         {"bias", layer.bias.has_value()},
                                         {"activation_function", class_of(layer.activation)}};
  write_file_atomically(folder / "config.json", config.dump(2) + "\n");
  Weights weights{layer.weight};
  weights[0].name = kWeight;
  if (layer.bias) {
    weights.push_back(*layer.bias);
    weights[1].name = kBias;
  }
  write_safetensors(folder / "model.safetensors", in_precision(std::move(weights), precision),
                    {{"format", "pt"}});
}

}  // namespace sbert
