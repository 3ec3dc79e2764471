#include "sbert/checkpoint/hugging_face.h"

#include <algorithm>
#include <future>
#include <utility>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/checkpoint/encoder_weights.h"
#include "sbert/checkpoint/families/family.h"
#include "sbert/checkpoint/model_folder.h"
#include "sbert/checkpoint/safetensors.h"
#include "sbert/checkpoint/weight_files.h"
#include "sbert/text/json_fields.h"
#include "sbert/text/tokenizer_keys.h"

namespace sbert {
namespace {

// Of a model that says nothing of its length and has none of its own.
constexpr std::int64_t kDefaultMaxLength = 512;

// config.json may name the class where tokenizer_config.json does not.
void check_tokenizer_class(const nlohmann::json& config, const TokenizerFiles& files) {
  const std::optional<std::string> name = read_string(config, "tokenizer_class");
  const auto beside = files.find("tokenizer_config.json");
  const bool is_overruled =
      beside != files.end() &&
      read_string(parse_json_object(beside->second), "tokenizer_class").has_value();
  if (is_overruled || read_tokenizer_class(name) == TokenizerClass::kBert) return;
  fail(ErrorKind::kInput, concat("tokenizer_class must stand in tokenizer_config.json: ", *name));
}

Tokenizer read_tokenizer(const std::filesystem::path& folder,
                         const nlohmann::json& config,
                         const EncoderSpec& spec) {
  TokenizerFiles files = read_tokenizer_files(folder);
  return within(folder.native(), [&] {
    within("config.json", [&] { check_tokenizer_class(config, files); });
    Tokenizer tokenizer(std::move(files));
    check_vocabulary(tokenizer, spec);
    return tokenizer;
  });
}

}  // namespace

EncoderSpec parse_hugging_face_config(std::string_view text) {
  const nlohmann::json config = parse_json_object(text);
  const std::optional<std::string> model_type = read_string(config, "model_type");
  if (!model_type) fail(ErrorKind::kInput, "model_type is missing");
  EncoderSpec spec = find_family(*model_type).read(config);
  spec.validate();
  return spec;
}

std::string format_hugging_face_config(const EncoderSpec& spec,
                                       std::int64_t pad_id,
                                       Precision precision) {
  nlohmann::ordered_json config = find_family(spec.family).write(spec);
  config["pad_token_id"] = pad_id;
  config["torch_dtype"] = type_name(precision);
  return config.dump(2) + "\n";
}

TextModel read_hugging_face(const std::filesystem::path& folder,
                            const std::filesystem::path& tokenizer_folder,
                            const WorkerPool& pool) {
  const std::filesystem::path config_file = folder / "config.json";
  if (!std::filesystem::exists(config_file)) {
    fail(ErrorKind::kInput, concat(config_file, ": is missing"));
  }
  const std::string text = read_file(config_file);
  EncoderSpec spec = within(config_file.native(), [&] { return parse_hugging_face_config(text); });
  const nlohmann::json config = parse_json_object(text);
  // Beside the weights: of a small model, the vocabulary takes as long.
  std::future<Tokenizer> reading = std::async(
      std::launch::async, [&] { return read_tokenizer(tokenizer_folder, config, spec); });
  Weights tensors = read_folder_weights(folder);
  Weights weights = within(find_folder_weights(folder).native(), [&] {
    return arrange_weights(spec, from_family(find_family(spec.family), std::move(tensors)), pool);
  });
  Tokenizer tokenizer = reading.get();
  const std::int64_t max_length = default_max_length(tokenizer, spec);
  return {.tokenizer = std::move(tokenizer),
          .encoder = std::move(spec),
          .weights = std::move(weights),
          .head = {},
          .card = {.prompts = {}, .default_prompt_name = {}, .max_length = max_length}};
}

void write_hugging_face(const TextModel& model,
                        const std::filesystem::path& folder,
                        Precision precision) {
  write_file_atomically(
      folder / "config.json",
      format_hugging_face_config(model.encoder, model.tokenizer.pad_id(), precision));
  write_safetensors(
      folder / "model.safetensors",
      to_family(find_family(model.encoder.family), in_precision(model.weights, precision)),
      {{"format", "pt"}, {std::string(kWriterKey), std::string(kWriter)}});
  for (const auto& [name, bytes] : model.tokenizer.files()) {
    write_file_atomically(folder / name, bytes);
  }
}

void check_vocabulary(const Tokenizer& tokenizer, const EncoderSpec& spec) {
  if (tokenizer.vocab_size() <= spec.embeddings.vocab_size) return;
  fail(ErrorKind::kInput,
       concat("the tokenizer has more ids than the encoder: ", tokenizer.vocab_size(), " and ",
              spec.embeddings.vocab_size, "; the last one is \"",
              tokenizer.piece(static_cast<std::int32_t>(tokenizer.vocab_size() - 1)), "\""));
}

std::int64_t default_max_length(const Tokenizer& tokenizer, const EncoderSpec& spec) {
  const std::int64_t wanted = tokenizer.model_max_length();
  if (spec.max_length == 0) return wanted > 0 ? wanted : kDefaultMaxLength;
  return wanted > 0 ? std::min(wanted, spec.max_length) : spec.max_length;
}

}  // namespace sbert
