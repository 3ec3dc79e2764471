#include "sbert/checkpoint/nemo_archive.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/log.h"
#include "sbert/base/random.h"
#include "sbert/checkpoint/encoder_weights.h"
#include "sbert/checkpoint/families/bert.h"
#include "sbert/checkpoint/families/family.h"
#include "sbert/checkpoint/hugging_face.h"
#include "sbert/checkpoint/nemo_config.h"
#include "sbert/checkpoint/nemo_members.h"
#include "sbert/checkpoint/tar_writer.h"
#include "sbert/checkpoint/torch_dist.h"
#include "sbert/checkpoint/torch_legacy.h"
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

Weights read_weights(const NemoMembers& members) {
  std::map<std::string, std::string_view> distributed;
  for (const auto& [name, bytes] : members.bytes) {
    if (name.starts_with(kWeightsFolder)) distributed[name.substr(kWeightsFolder.size())] = bytes;
  }
  const bool is_one_file = members.bytes.contains(std::string(kWeightsMember));
  if (is_one_file || !distributed.contains(".metadata")) {
    const std::string_view file = member(members, kWeightsMember);
    return within(kWeightsMember, [&] {
      return is_torch_legacy(file) ? read_torch_legacy(file, {members.owner})
                                   : read_torch_zip(file, {members.owner});
    });
  }
  return within(kWeightsFolder, [&] { return read_torch_dist(distributed, {members.owner}); });
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
    TokenizerFiles files = read_tokenizer_files(folder);
    return within(folder.native(), [&] { return Tokenizer(std::move(files)); });
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

EncoderSpec encoder_spec(const NemoConfig& config, const Weights& weights) {
  const NemoTableSizes tables = nemo_table_sizes(weights);
  const BertSizes sizes{
      .vocab_size = tables.vocab_size,
      .hidden_size = config.hidden_size,
      .num_layers = config.num_layers,
      .num_attention_heads = config.num_attention_heads,
      .ffn_hidden_size = config.ffn_hidden_size,
      .max_position_embeddings = tables.max_position_embeddings,
      .type_vocab_size = tables.type_vocab_size,
      .layernorm_epsilon = config.layernorm_epsilon,
      .activation = activation(config),
      .dropout = {.hidden = config.hidden_dropout, .attention = config.sbert.attention_dropout}};
  sizes.validate();
  return bert_spec(sizes);
}

void take_settings(const NemoConfig& config, TextModel& model) {
  const SbertSection& section = config.sbert;
  if (!is_ours(config)) {
    // NeMo puts these before questions and documents in training.
    model.card.prompts = {{"query", "query: "}, {"passage", "passage: "}};
    return;
  }
  const std::optional<Pooling> pooling = pooling_from_name(section.pooling);
  if (!pooling) fail(ErrorKind::kInput, concat("sbert.pooling is not known: ", section.pooling));
  const std::optional<Similarity> similarity = similarity_from_name(section.similarity);
  if (!similarity) {
    fail(ErrorKind::kInput, concat("sbert.similarity is not known: ", section.similarity));
  }
  const std::int64_t most = model.encoder.max_length;
  if (section.max_seq_length < 2 || section.max_seq_length > most) {
    fail(ErrorKind::kInput,
         concat("sbert.max_seq_length must be from 2 to ", most, ": ", section.max_seq_length));
  }
  model.head.pooling = *pooling;
  model.head.normalizes = section.normalize;
  model.card = {.prompts = section.prompts,
                .default_prompt_name = section.default_prompt_name,
                .similarity = *similarity,
                .max_length = section.max_seq_length};
}

TextModel read(const NemoMembers& archive,
               const std::filesystem::path& tokenizer_folder,
               const WorkerPool& pool) {
  const NemoConfig config =
      within(kConfigMember, [&] { return parse_nemo_config(member(archive, kConfigMember)); });
  Tokenizer tokenizer = read_archive_tokenizer(archive, config, tokenizer_folder);
  const NemoLayout layout{
      .vocab_size = is_ours(config) ? config.sbert.vocab_size : tokenizer.vocab_size(),
      .type_vocab_size = config.sbert.type_vocab_size,
      .num_attention_heads = std::clamp<std::int64_t>(config.num_attention_heads, 1, kMaxHeads),
      .megatron_legacy = config.megatron_legacy && !config.mcore_bert};
  Weights tensors = read_weights(archive);
  Weights found = within("weights", [&] { return from_nemo(std::move(tensors), layout); });
  EncoderSpec spec = within("weights", [&] { return encoder_spec(config, found); });
  Weights weights =
      within("weights", [&] { return arrange_weights(spec, std::move(found), pool); });
  if (!is_ours(config) && activation(config) == Activation::kGeluTanh) {
    log_info("GELU in its tanh form, as NeMo computes it for this archive (bias_gelu_fusion)");
  }
  check_vocabulary(tokenizer, spec);
  const std::int64_t max_length = default_max_length(tokenizer, spec);
  TextModel model{.tokenizer = std::move(tokenizer),
                  .encoder = std::move(spec),
                  .weights = std::move(weights),
                  .head = {},
                  .card = {.prompts = {}, .default_prompt_name = {}, .max_length = max_length}};
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

NemoConfig nemo_config(const TextModel& model, const BertSizes& sizes, NemoForm form) {
  NemoConfig config{.num_layers = sizes.num_layers,
                    .hidden_size = sizes.hidden_size,
                    .ffn_hidden_size = sizes.ffn_hidden_size,
                    .num_attention_heads = sizes.num_attention_heads,
                    .layernorm_epsilon = sizes.layernorm_epsilon,
                    .hidden_dropout = sizes.dropout.hidden};
  if (sizes.activation == Activation::kRelu) config.activation = "relu";
  config.bias_gelu_fusion = sizes.activation == Activation::kGeluTanh;
  config.bias_activation_fusion = config.bias_gelu_fusion;
  config.openai_gelu = false;
  config.megatron_legacy = form == NemoForm::kBlocks;
  config.mcore_bert = form == NemoForm::kMegatronCore;
  config.sbert = {.vocab_size = sizes.vocab_size,
                  .type_vocab_size = sizes.type_vocab_size,
                  .hidden_act = std::string(activation_name(sizes.activation)),
                  .attention_dropout = sizes.dropout.attention,
                  .pooling = std::string(pooling_name(model.head.pooling)),
                  .normalize = model.head.normalizes,
                  .max_seq_length = model.card.max_length,
                  .prompts = prompts_to_save(model.card),
                  .default_prompt_name = model.card.default_prompt_name,
                  .similarity = std::string(similarity_name(model.card.similarity)),
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

TextModel read_nemo(const std::filesystem::path& path,
                    const std::filesystem::path& tokenizer_folder,
                    const WorkerPool& pool) {
  const NemoMembers members = read_nemo_members(path);
  return within(path.native(), [&] { return read(members, tokenizer_folder, pool); });
}

void write_nemo(const TextModel& model, AtomicFile& file, NemoForm form, Precision precision) {
  if (!model.head.dense.empty()) {
    fail(ErrorKind::kInput,
         "a .nemo cannot hold Dense layers; write the sentence-transformers form");
  }
  const BertSizes sizes =
      within("a .nemo cannot hold this encoder", [&] { return bert_sizes(model.encoder); });
  if (sizes.type_vocab_size > 2) {
    log_warning(concat("NeMo itself cannot load this archive, since it knows 2 token types, not ",
                       sizes.type_vocab_size));
  }
  const Weights weights =
      in_precision(to_nemo(model.encoder, model.weights, form, kVocabMultiple), precision);
  TarWriter writer(file);
  writer.add(concat("./", kConfigMember),
             format_nemo_config(nemo_config(model, sizes, form), sizes.max_position_embeddings,
                                kVocabMultiple, precision_word(precision)));
  writer.begin_member(concat("./", kWeightsMember));
  write_torch_zip(weights, [&](std::string_view bytes) { writer.write(bytes); });
  writer.end_member();
  for (const auto& [name, bytes] : model.tokenizer.files()) {
    writer.add(concat("./", member_of_file(name, bytes)), bytes);
  }
  writer.finish();
}

}  // namespace sbert
