#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/base/log.h"
#include "sbert/checkpoint/model_files.h"
#include "sbert/cli/commands.h"
#include "sbert/config/command_line.h"
#include "sbert/config/interpolation.h"
#include "sbert/config/options.h"
#include "sbert/config/overrides.h"
#include "sbert/config/yaml.h"
#include "sbert/train/train_options.h"
#include "sbert/train/trainer.h"

namespace sbert {
namespace {

constexpr std::string_view kHelp =
    "sbert train: fine-tune a model with NeMo's contrastive loss.\n\n"
    "Usage: sbert train [--config-path DIR] [--config-name NAME] KEY=VALUE...\n\n"
    "Words are Hydra's: a.b=v changes a key, +a.b=v adds one, ++a.b=v does either, ~a.b takes one\n"
    "out. Without --config-path the configuration is the built-in one: NeMo's keys and defaults.\n"
    "  --cfg job    print the configuration and stop\n\n"
    "Example:\n"
    "  sbert train restore_from_path=minilm.nemo ++model.data.data_prefix=train.json \\\n"
    "      model.global_batch_size=16 model.micro_batch_size=16 trainer.max_steps=200 \\\n"
    "      model.optim.sched.constant_steps=0 exp_manager.explicit_log_dir=run/\n\n"
    "Keys (and NeMo's others, which have no effect here):\n";

void print_help() {
  std::fputs(std::string(kHelp).c_str(), stdout);
  for (const OptionHelp& option : describe_options(TrainOptions{})) {
    std::printf("  %s=%s\n      %s\n", option.key.c_str(), option.default_value.c_str(),
                option.help.c_str());
  }
}

// The names of NeMo's own configurations stand for the built-in one where there is no such file: its
// users' scripts point into NeMo's source tree.
bool is_built_in(const CommandLine& line) {
  std::string_view name = line.config_name;
  if (name.ends_with(".yaml")) name.remove_suffix(5);
  return name.empty() || name == "megatron_bert_config" || name == "megatron_sbert_config";
}

ConfigTree base_config(const CommandLine& line) {
  const bool names_nothing = line.config_name.empty() && line.config_path.empty();
  if (!names_nothing) {
    const std::filesystem::path folder = line.config_path.empty() ? "." : line.config_path;
    std::string name = line.config_name.empty() ? "megatron_sbert_config" : line.config_name;
    if (!name.ends_with(".yaml")) name += ".yaml";
    if (std::filesystem::exists(folder / name)) return read_yaml(folder / name);
    if (!is_built_in(line)) {
      fail(ErrorKind::kUsage, concat("no such configuration: ", folder / name));
    }
    log_info(concat(folder / name, " is not there; using the built-in configuration"));
  }
  return built_in_config();
}

ConfigTree configuration(const CommandLine& line) {
  ConfigTree tree = base_config(line);
  apply_overrides(tree, line.overrides);
  return tree;
}

std::vector<std::string_view> ignored_keys() {
  std::vector<std::string_view> keys;
  for (const IgnoredKey& each : ignored_nemo_keys()) keys.push_back(each.key);
  return keys;
}

// A key that the user sets and that changes nothing deserves a word.
void report_ignored(const CommandLine& line) {
  for (const std::string& word : line.overrides) {
    const Override override = parse_override(word);
    for (const IgnoredKey& each : ignored_nemo_keys()) {
      if (override.key == each.key || override.key.starts_with(concat(each.key, '.'))) {
        log_info(concat(override.key, " has no effect: ", each.reason));
      }
    }
  }
}

void open_log_folder(const TrainOptions& options, const Words& words) {
  const std::filesystem::path folder = log_folder(options.exp_manager);
  make_folder(folder);
  log_to_file((folder / "nemo_log_globalrank-0_localrank-0.txt").string());
  write_file_atomically(folder / "hparams.yaml", write_yaml(to_tree(options)));
  std::string line = "sbert train";
  for (const std::string& word : words) line += concat(" '", word, "'");
  write_file_atomically(folder / "cmd-args.log", line + "\n");
}

}  // namespace

void run_train(const Words& words) {
  const CommandLine line = parse_command_line(words);
  if (line.help) {
    print_help();
    return;
  }
  ConfigTree tree = configuration(line);
  if (line.show_config) {
    std::fputs(write_yaml(line.resolve ? resolve(tree) : tree).c_str(), stdout);
    return;
  }
  tree = resolve(tree);
  refuse_unknown_keys<TrainOptions>(tree.root(), "", ignored_keys());
  const auto options = read_options<TrainOptions>(tree.root(), "");
  options.validate();
  report_ignored(line);

  SentenceModel model =
      load_model(options.restore_from_path, options.model.tokenizer.type.value_or(""));
  open_log_folder(options, words);
  const std::int64_t steps = train_model(options, model);
  if (options.exp_manager.checkpoint_callback_params.save_nemo_on_train_end) {
    const std::filesystem::path path = trained_model_path(options.exp_manager);
    save_model(model, path, ModelFormat::kNemo);
    log_info(concat("trained ", steps, " steps; the model is ", path));
  }
}

}  // namespace sbert
