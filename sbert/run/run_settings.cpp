#include "sbert/run/run_settings.h"

#include <initializer_list>
#include <string_view>

#include "sbert/base/concat.h"
#include "sbert/config/json.h"
#include "sbert/config/options.h"
#include "sbert/embed/content_hash.h"

namespace sbert {
namespace {

constexpr const char* kBasePath = "restore_from_path";
constexpr const char* kBaseWeights = "base weights";

std::string weights_hash(const TextModel& model) {
  std::string listing;
  for (const Weight& each : model.weights)
    listing += concat(each.name, ' ', content_hash(each.bytes).hex(), '\n');
  return content_hash(listing).hex();
}

template <typename Options>
std::string text_of(const Options& options) {
  return write_json(to_tree(options));
}

// Each key of a group on its own, so that a message names it.
void add_each(const std::string& group, const ConfigNode& options, RunSettings& settings) {
  for (const auto& [key, value] : *options.map())
    settings[concat(group, '.', key)] = write_json(value);
}

// Some keys of a group.
void add_some(const std::string& group,
              const ConfigNode& options,
              std::initializer_list<std::string_view> keys,
              RunSettings& settings) {
  for (const std::string_view key : keys)
    settings[concat(group, '.', key)] = write_json(*options.child(key));
}

}  // namespace

RunSettings run_settings(const TrainOptions& options,
                         ComputePrecision precision,
                         const TextModel& start) {
  const ModelOptions& model = options.model;
  const EmaOptions& ema = options.exp_manager.ema;
  RunSettings settings{
      {kBasePath, options.restore_from_path},
      {kBaseWeights, weights_hash(start)},
      {"trainer.precision", std::string(precision_name(precision))},
      {"model.lora", model.lora ? text_of(*model.lora) : "off"},
      {"model.freeze", model.freeze.text.empty() ? "nothing" : model.freeze.text},
      {"model.softmax_temp", concat(model.softmax_temp)},
      {"model.label_smoothing", concat(model.label_smoothing)},
      {"model.global_inbatch_negatives", model.global_inbatch_negatives ? "true" : "false"},
      {"exp_manager.ema",
       ema.enable ? concat("decay ", ema.decay, " every ", ema.every_n_steps, " steps") : "off"}};
  add_each("model.loss", to_tree(model.loss), settings);
  add_some("model", to_tree(model), {"encoder_seq_length", "hidden_dropout", "attention_dropout"},
           settings);
  add_some("model.data", to_tree(model.data), {"query_prefix", "passage_prefix", "pair_prefix"},
           settings);
  add_some("model.tokenizer", to_tree(model.tokenizer), {"do_lower_case"}, settings);
  add_some("model.optim", to_tree(model.optim), {"weight_decay", "betas", "layer_decay"}, settings);
  return settings;
}

std::string describe_changes(const RunSettings& then, const RunSettings& now) {
  std::string changes;
  const auto add = [&](std::string_view key, const std::string& was, const std::string& is) {
    changes += concat(changes.empty() ? "" : "; ", key, ": was ", was, ", now ", is);
  };
  for (const auto& [key, value] : now) {
    const auto before = then.find(key);
    // A state of an earlier version lacks what that did not know.
    if (before == then.end() || before->second == value || key == kBasePath) continue;
    if (key == kBaseWeights) {
      const auto path = then.find(kBasePath);
      add(concat(kBasePath, " (other weights)"), path == then.end() ? before->second : path->second,
          now.at(kBasePath));
    } else {
      add(key, before->second, value);
    }
  }
  return changes;
}

}  // namespace sbert
