#include "sbert/checkpoint/nemo_archive.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include <ATen/ATen.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/log.h"
#include "sbert/base/random.h"
#include "sbert/checkpoint/encoder_weights.h"
#include "sbert/checkpoint/hugging_face.h"
#include "sbert/checkpoint/nemo_config.h"
#include "sbert/checkpoint/nemo_members.h"
#include "sbert/checkpoint/nemo_weights.h"
#include "sbert/checkpoint/tar_writer.h"
#include "sbert/checkpoint/torch_dist.h"
#include "sbert/checkpoint/torch_zip.h"

namespace sbert {
namespace {

constexpr std::string_view kConfigMember = "model_config.yaml";
constexpr std::string_view kWeightsMember = "model_weights.ckpt";
constexpr std::string_view kWeightsFolder = "model_weights/";
constexpr std::string_view kReference = "nemo:";
constexpr std::int64_t kVocabMultiple = 128;
constexpr std::int64_t kMaxHeads = 1 << 20;  // validate() has the real limit

std::string_view member(const NemoMembers& members, std::string_view name) {
  const auto found = members.bytes.find(std::string(name));
  if (found != members.bytes.end()) return found->second;
  std::string hint;
  for (const auto& [other, bytes] : members.bytes) {
    if (other.find("rank_") != std::string::npos) {
      hint =
          "; it is split over several ranks: merge them with NeMo's "
          "examples/nlp/language_modeling/megatron_change_num_partitions.py";
    } else if (other.ends_with(".zarray")) {
      hint = "; its weights are in zarr form: save it again with a NeMo that writes torch_dist";
    } else if (other.starts_with("context/")) {
      hint =
          "; it is a checkpoint of NeMo 2: export it to Hugging Face's form with nemo llm export";
    }
  }
  fail(ErrorKind::kInput, concat("archive has no member ", name, hint));
}

NamedTensors read_weights(const NemoMembers& members) {
  std::map<std::string, std::string_view> distributed;
  for (const auto& [name, bytes] : members.bytes) {
    if (name.starts_with(kWeightsFolder)) distributed[name.substr(kWeightsFolder.size())] = bytes;
  }
  const bool is_one_file = members.bytes.contains(std::string(kWeightsMember));
  if (is_one_file || !distributed.contains(".metadata")) {
    const std::string_view file = member(members, kWeightsMember);
    return within(kWeightsMember, [&] { return read_torch_zip(file, members.owner); });
  }
  return within(kWeightsFolder, [&] { return read_torch_dist(distributed, members.owner); });
}

// "nemo:<member>"
std::string_view referenced(const NemoMembers& archive, std::string_view reference) {
  if (!reference.starts_with(kReference)) {
    fail(ErrorKind::kInput, concat("must begin with ", kReference, ": ", reference));
  }
  return member(archive, reference.substr(kReference.size()));
}

TokenizerFiles tokenizer_files(const NemoMembers& archive, const NemoConfig& config) {
  TokenizerFiles files;
  for (const auto& [name, reference] : config.sbert.tokenizer_files) {
    files[name] = within(concat("sbert.tokenizer_files.", name),
                         [&, &text = reference] { return referenced(archive, text); });
  }
  const std::optional<std::string>& vocabulary = config.tokenizer.vocab_file;
  if (files.empty() && vocabulary && vocabulary->starts_with(kReference)) {
    files["vocab.txt"] =
        within("tokenizer.vocab_file", [&] { return referenced(archive, *vocabulary); });
  }
  if (files.empty()) {
    fail(ErrorKind::kInput,
         concat("the archive holds no tokenizer, only the name ", config.tokenizer.type,
                "; give a folder with that model's tokenizer.json or vocab.txt"));
  }
  return files;
}

Tokenizer read_archive_tokenizer(const NemoMembers& archive,
                                 const NemoConfig& config,
                                 const std::filesystem::path& folder) {
  if (!folder.empty()) {
    return within(folder.native(), [&] { return Tokenizer(read_tokenizer_files(folder)); });
  }
  return Tokenizer(tokenizer_files(archive, config));
}

bool is_ours(const NemoConfig& config) {
  return config.sbert.vocab_size > 0;
}

Activation activation(const NemoConfig& config) {
  if (config.activation == "relu") return Activation::kRelu;
  if (is_ours(config)) return activation_from_name(config.sbert.hidden_act);
  return has_tanh_gelu(config) ? Activation::kGeluTanh : Activation::kGelu;
}

// The sizes that model_config.yaml does not say, or says by an interpolation, are those of the
// tensors.
EncoderConfig encoder_config(const NemoConfig& config, const NamedTensors& weights) {
  EncoderConfig result;
  result.num_layers = config.num_layers;
  result.hidden_size = config.hidden_size;
  result.ffn_hidden_size = config.ffn_hidden_size;
  result.num_attention_heads = config.num_attention_heads;
  result.layernorm_epsilon = config.layernorm_epsilon;
  result.hidden_dropout = config.hidden_dropout;
  result.attention_dropout = config.sbert.attention_dropout;
  result.activation = activation(config);
  for (const NamedTensor& each : weights) {
    const std::int64_t rows = each.tensor.dim() > 0 ? each.tensor.size(0) : 0;
    if (each.name == "embeddings.word_embeddings.weight") result.vocab_size = rows;
    if (each.name == "embeddings.position_embeddings.weight") result.max_position_embeddings = rows;
    if (each.name == "embeddings.token_type_embeddings.weight") result.type_vocab_size = rows;
  }
  return result;
}

void take_settings(const NemoConfig& config, SentenceModel& model) {
  const SbertSection& section = config.sbert;
  if (!is_ours(config)) {
    // NeMo puts these before questions and documents in training.
    model.prompts = {{"query", "query: "}, {"passage", "passage: "}};
    return;
  }
  const std::optional<Pooling> pooling = pooling_from_name(section.pooling);
  if (!pooling) fail(ErrorKind::kInput, concat("sbert.pooling is not known: ", section.pooling));
  const std::int64_t most = model.encoder.config().max_position_embeddings;
  if (section.max_seq_length < 2 || section.max_seq_length > most) {
    fail(ErrorKind::kInput,
         concat("sbert.max_seq_length must be from 2 to ", most, ": ", section.max_seq_length));
  }
  model.pooling = *pooling;
  model.normalize = section.normalize;
  model.max_seq_length = section.max_seq_length;
  model.prompts = section.prompts;
  model.default_prompt_name = section.default_prompt_name;
  model.similarity = section.similarity;
}

SentenceModel read(const NemoMembers& archive, const std::filesystem::path& tokenizer_folder) {
  const NemoConfig config =
      within(kConfigMember, [&] { return parse_nemo_config(member(archive, kConfigMember)); });
  Tokenizer tokenizer = read_archive_tokenizer(archive, config, tokenizer_folder);
  const NemoLayout layout{
      .vocab_size = is_ours(config) ? config.sbert.vocab_size : tokenizer.vocab_size(),
      .type_vocab_size = config.sbert.type_vocab_size,
      .num_attention_heads = std::clamp<std::int64_t>(config.num_attention_heads, 1, kMaxHeads),
      .megatron_legacy = config.megatron_legacy && !config.mcore_bert};
  NamedTensors tensors = read_weights(archive);
  NamedTensors weights = within("weights", [&] { return from_nemo(std::move(tensors), layout); });
  const EncoderConfig encoder_sizes = encoder_config(config, weights);
  BertEncoder encoder =
      within("weights", [&] { return make_encoder(encoder_sizes, std::move(weights)); });
  if (!is_ours(config) && encoder.config().activation == Activation::kGeluTanh) {
    log_info("GELU in its tanh form, as NeMo computes it for this archive (bias_gelu_fusion)");
  }
  check_vocabulary(tokenizer, encoder.config());
  const std::int64_t max_seq_length = default_max_seq_length(tokenizer, encoder.config());
  SentenceModel model{.tokenizer = std::move(tokenizer),
                      .encoder = std::move(encoder),
                      .max_seq_length = max_seq_length,
                      .prompts = {},
                      .default_prompt_name = {}};
  within(kConfigMember, [&] { take_settings(config, model); });
  return model;
}

// 128 bits of the content as hex, where NeMo puts a random UUID: so the same model gives the same
// archive. It tells files apart, no more.
std::string content_id(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id;
  for (const std::uint64_t lane : {1UL, 2UL}) {
    std::uint64_t hash = derive_key(lane, bytes.size());
    for (const char c : bytes)
      hash = mix(hash ^ static_cast<unsigned char>(c));
    for (int shift = 60; shift >= 0; shift -= 4)
      id += kDigits[hash >> shift & 0xF];
  }
  return id;
}

// Older tokenizer_config.json files say which model of the hub they came from, which is what
// NeMo wants to know.
std::optional<std::string> hub_name(const TokenizerFiles& files) {
  const auto found = files.find("tokenizer_config.json");
  if (found == files.end()) return std::nullopt;
  const nlohmann::json config = nlohmann::json::parse(found->second, nullptr, false);
  if (!config.is_object() || !config.contains("name_or_path")) return std::nullopt;
  const nlohmann::json& name = config["name_or_path"];
  return name.is_string() ? std::optional(name.get<std::string>()) : std::nullopt;
}

std::string member_of_file(const std::string& name, const std::string& bytes) {
  return concat(content_id(bytes), "_", name);
}

std::string_view precision_word(Precision precision) {
  switch (precision) {
    case Precision::kBf16:
      return "bf16";
    case Precision::k16:
      return "16";
    case Precision::k32:
      break;
  }
  return "32";
}

NemoConfig nemo_config(const SentenceModel& model, NemoForm form) {
  const EncoderConfig& encoder = model.encoder.config();
  NemoConfig config{.num_layers = encoder.num_layers,
                    .hidden_size = encoder.hidden_size,
                    .ffn_hidden_size = encoder.ffn_hidden_size,
                    .num_attention_heads = encoder.num_attention_heads,
                    .layernorm_epsilon = encoder.layernorm_epsilon,
                    .hidden_dropout = encoder.hidden_dropout};
  if (encoder.activation == Activation::kRelu) config.activation = "relu";
  config.bias_gelu_fusion = encoder.activation == Activation::kGeluTanh;
  config.bias_activation_fusion = config.bias_gelu_fusion;
  config.openai_gelu = false;
  config.megatron_legacy = form == NemoForm::kBlocks;
  config.mcore_bert = form == NemoForm::kMegatronCore;
  config.sbert = {.vocab_size = encoder.vocab_size,
                  .type_vocab_size = encoder.type_vocab_size,
                  .hidden_act = std::string(activation_name(encoder.activation)),
                  .attention_dropout = encoder.attention_dropout,
                  .pooling = std::string(pooling_name(model.pooling)),
                  .normalize = model.normalize,
                  .max_seq_length = model.max_seq_length,
                  .prompts = model.prompts,
                  .default_prompt_name = model.default_prompt_name,
                  .similarity = model.similarity,
                  .tokenizer_files = {}};
  const TokenizerFiles& files = model.tokenizer.files();
  config.tokenizer.type = hub_name(files).value_or(config.tokenizer.type);
  for (const auto& [name, bytes] : files) {
    const std::string reference = concat(kReference, member_of_file(name, bytes));
    config.sbert.tokenizer_files[name] = reference;
    if (name == "vocab.txt") config.tokenizer.vocab_file = reference;
  }
  return config;
}

}  // namespace

SentenceModel read_nemo(const std::filesystem::path& path,
                        const std::filesystem::path& tokenizer_folder) {
  const NemoMembers members = read_nemo_members(path);
  return within(path.native(), [&] { return read(members, tokenizer_folder); });
}

void write_nemo(const SentenceModel& model,
                const std::filesystem::path& path,
                NemoForm form,
                Precision precision) {
  const EncoderConfig& encoder = model.encoder.config();
  if (encoder.type_vocab_size > 2) {
    log_warning(concat("NeMo itself cannot load this archive, since it knows 2 token types, not ",
                       encoder.type_vocab_size));
  }
  const NamedTensors weights = in_precision(
      to_nemo(model.encoder.parameters(), form, encoder.num_attention_heads, kVocabMultiple),
      precision);
  TarWriter writer(path);
  writer.add(concat("./", kConfigMember),
             format_nemo_config(nemo_config(model, form), encoder.max_position_embeddings,
                                kVocabMultiple, precision_word(precision)));
  writer.begin_member(concat("./", kWeightsMember));
  write_torch_zip(weights, [&](std::string_view bytes) { writer.write(bytes); });
  writer.end_member();
  for (const auto& [name, bytes] : model.tokenizer.files()) {
    writer.add(concat("./", member_of_file(name, bytes)), bytes);
  }
  writer.commit();
}

}  // namespace sbert
