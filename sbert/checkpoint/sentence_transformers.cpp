#include "sbert/checkpoint/sentence_transformers.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/checkpoint/dense_module.h"
#include "sbert/checkpoint/hugging_face.h"
#include "sbert/checkpoint/model_folder.h"
#include "sbert/checkpoint/model_json.h"
#include "sbert/checkpoint/module_list.h"
#include "sbert/checkpoint/transformer_settings.h"
#include "sbert/text/json_fields.h"

namespace sbert {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

// The flags of the older dialect, in the order in which they are written.
constexpr std::array<std::pair<const char*, Pooling>, 6> kPoolingFlags = {{
    {"pooling_mode_cls_token", Pooling::kCls},
    {"pooling_mode_mean_tokens", Pooling::kMean},
    {"pooling_mode_max_tokens", Pooling::kMax},
    {"pooling_mode_mean_sqrt_len_tokens", Pooling::kMeanSqrtLen},
    {"pooling_mode_weightedmean_tokens", Pooling::kWeightedMean},
    {"pooling_mode_lasttoken", Pooling::kLastToken},
}};

// pooling_mode of the newer dialect: a name or a list of names.
std::vector<Pooling> named_poolings(const json& mode) {
  const json names = mode.is_array() ? mode : json::array({mode});
  std::vector<Pooling> poolings;
  for (const json& name : names) {
    const std::optional<Pooling> pooling =
        name.is_string() ? pooling_from_name(name.get<std::string>()) : std::nullopt;
    if (!pooling)
      fail(ErrorKind::kInput,
           concat("pooling_mode is not known: ",
                  name.is_string() ? name.get<std::string>() : name.type_name()));
    poolings.push_back(*pooling);
  }
  return poolings;
}

std::vector<Pooling> flagged_poolings(const json& config) {
  std::vector<Pooling> poolings;
  bool has_flag = false;
  for (const auto& [key, pooling] : kPoolingFlags) {
    const std::optional<bool> flag = read_bool(config, key);
    has_flag = has_flag || flag.has_value();
    if (flag.value_or(false)) poolings.push_back(pooling);
  }
  if (!has_flag) poolings.push_back(Pooling::kMean);
  return poolings;
}

Pooling read_pooling(const json& config, std::int64_t hidden_size) {
  const std::vector<Pooling> poolings = config.contains("pooling_mode")
                                            ? named_poolings(field(config, "pooling_mode"))
                                            : flagged_poolings(config);
  if (poolings.size() != 1) {
    fail(ErrorKind::kInput, concat("exactly one pooling mode is supported, not ", poolings.size()));
  }
  if (!read_bool(config, "include_prompt").value_or(true)) {
    fail(ErrorKind::kInput, "include_prompt must be true: prompts are always pooled");
  }
  for (const char* key : {"word_embedding_dimension", "embedding_dimension"}) {
    const std::int64_t dimension = read_integer(config, key).value_or(hidden_size);
    if (dimension != hidden_size) {
      fail(ErrorKind::kInput,
           concat(key, " must be the encoder's ", hidden_size, ", not ", dimension));
    }
  }
  return poolings.front();
}

void take_transformer_settings(const json& config, TextModel& model) {
  const TransformerSettings settings = read_transformer_settings(config);
  const std::int64_t length = settings.max_seq_length.value_or(model.card.max_length);
  const std::int64_t most = model.encoder.max_length;
  model.card.max_length = most > 0 ? std::min(length, most) : length;
  // It lower-cases texts before the tokenizer sees them, which one that does so itself makes moot.
  constexpr std::int64_t kFewTokens = 8;
  if (settings.do_lower_case &&
      model.tokenizer.encode("A", kFewTokens) != model.tokenizer.encode("a", kFewTokens)) {
    fail(ErrorKind::kInput,
         "do_lower_case is true, but the tokenizer keeps case; set it in tokenizer_config.json or "
         "the normalizer of tokenizer.json instead");
  }
}

void read_model_config(const json& config, ModelCard& card) {
  const json& prompts = field(config, "prompts");
  if (!prompts.is_null() && !prompts.is_object()) {
    fail(ErrorKind::kInput, concat("prompts must be an object, not ", prompts.type_name()));
  }
  for (const auto& [name, text] : prompts.items()) {
    if (!text.is_string()) {
      fail(ErrorKind::kInput,
           concat("prompts.", name, " must be a string, not ", text.type_name()));
    }
    card.prompts[name] = text.get<std::string>();
  }
  card.default_prompt_name = read_string(config, "default_prompt_name").value_or("");
  if (!card.default_prompt_name.empty() && !card.prompts.contains(card.default_prompt_name)) {
    fail(ErrorKind::kInput,
         concat("default_prompt_name is not one of prompts: ", card.default_prompt_name));
  }
  const std::string name = read_string(config, "similarity_fn_name").value_or("cosine");
  const std::optional<Similarity> similarity = similarity_from_name(name);
  if (!similarity) {
    fail(ErrorKind::kInput,
         concat("similarity_fn_name must be cosine, dot, euclidean or manhattan: ", name));
  }
  card.similarity = *similarity;
  const std::string kind = read_string(config, "model_type").value_or("SentenceTransformer");
  if (kind != "SentenceTransformer") {
    fail(ErrorKind::kInput,
         concat("model_type must be SentenceTransformer, the only one supported: ", kind));
  }
  if (!field(config, "truncate_dim").is_null()) {
    fail(ErrorKind::kInput, "truncate_dim is not supported: embeddings keep all dimensions");
  }
}

void write_json(const std::filesystem::path& path, const ordered_json& value) {
  write_file_atomically(path, value.dump(2) + "\n");
}

ordered_json module_entry(int index, const std::string& path, std::string_view type) {
  return {{"idx", index},
          {"name", std::to_string(index)},
          {"path", path},
          {"type", concat("sentence_transformers.models.", type)}};
}

ordered_json pooling_config(const TextModel& model) {
  ordered_json config = {{"word_embedding_dimension", model.encoder.width}};
  for (const auto& [key, pooling] : kPoolingFlags)
    config[key] = pooling == model.head.pooling;
  config["include_prompt"] = true;
  return config;
}

std::string model_card(const TextModel& model) {
  return concat(kModelCardStart, model.encoder.layers.size(), " layers, embeddings of ",
                embedding_width(model), " dimensions, texts up to ", model.card.max_length,
                " tokens, ", pooling_name(model.head.pooling), " pooling",
                model.head.normalizes ? ", normalized" : "",
                ".\n\n"
                "```python\n"
                "from sentence_transformers import SentenceTransformer\n\n"
                "model = SentenceTransformer(\"path/to/this/folder\")\n"
                "embeddings = model.encode([\"A text\", \"Another text\"])\n"
                "```\n");
}

}  // namespace

TextModel read_sentence_transformers(const std::filesystem::path& folder,
                                     const std::filesystem::path& tokenizer_folder,
                                     const WorkerPool& pool) {
  const ModuleList modules = read_module_list(folder);
  TextModel model = read_hugging_face(
      modules.transformer, tokenizer_folder.empty() ? modules.transformer : tokenizer_folder, pool);
  model.head.normalizes = modules.normalizes;

  const auto with_file = [](const std::filesystem::path& path, const auto& use) {
    const std::optional<json> config = read_optional_json(path);
    if (config) within(path.native(), [&] { use(*config); });
    return config.has_value();
  };
  if (const auto settings = find_transformer_settings(modules.transformer)) {
    with_file(*settings, [&](const json& config) { take_transformer_settings(config, model); });
  }
  with_file(folder / "config_sentence_transformers.json",
            [&](const json& config) { read_model_config(config, model.card); });
  const std::filesystem::path pooling_file = modules.pooling / "config.json";
  const bool has_pooling = with_file(pooling_file, [&](const json& config) {
    model.head.pooling = read_pooling(config, model.encoder.width);
  });
  if (!has_pooling) fail(ErrorKind::kInput, concat(pooling_file, ": is missing"));
  for (const std::filesystem::path& dense : modules.dense)
    model.head.dense.push_back(read_dense_module(dense, embedding_width(model)));
  return model;
}

void write_sentence_transformers(const TextModel& model,
                                 const std::filesystem::path& folder,
                                 Precision precision) {
  write_hugging_face(model, folder, precision);
  ordered_json modules = ordered_json::array();
  const auto add_module = [&](std::string_view type) {
    const int index = static_cast<int>(modules.size());
    const std::string path = index == 0 ? "" : concat(index, '_', type);
    modules.push_back(module_entry(index, path, type));
    if (index > 0) make_folder(folder / path);
    return folder / path;
  };
  add_module("Transformer");
  write_json(add_module("Pooling") / "config.json", pooling_config(model));
  for (const DenseLayer& layer : model.head.dense)
    write_dense_module(layer, add_module("Dense"), precision);
  if (model.head.normalizes) add_module("Normalize");
  write_json(folder / "modules.json", modules);
  const ModelCard& card = model.card;
  write_json(folder / "sentence_bert_config.json",
             {{"max_seq_length", card.max_length}, {"do_lower_case", false}});
  const ordered_json default_prompt =
      card.default_prompt_name.empty() ? ordered_json() : ordered_json(card.default_prompt_name);
  write_json(folder / "config_sentence_transformers.json",
             {{"prompts", ordered_json(prompts_to_save(card))},
              {"default_prompt_name", default_prompt},
              {"similarity_fn_name", similarity_name(card.similarity)}});
  write_file_atomically(folder / "README.md", model_card(model));
}

}  // namespace sbert
