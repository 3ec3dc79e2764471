#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>

#include "sbert/base/concat.h"
#include "sbert/base/files.h"
#include "sbert/base/log.h"
#include "sbert/checkpoint/model_files.h"
#include "sbert/cli/commands.h"
#include "sbert/cli/train_config.h"
#include "sbert/config/interpolation.h"
#include "sbert/config/options.h"
#include "sbert/config/yaml.h"
#include "sbert/train/checkpoint_folder.h"
#include "sbert/train/trainer.h"

namespace sbert {
namespace {

constexpr std::string_view kHelp =
    "sbert train: fine-tune a model with NeMo's contrastive loss.\n\n"
    "Usage: sbert train [--config-path DIR] [--config-name NAME] KEY=VALUE...\n\n"
    "Words are Hydra's: a.b=v changes a key, +a.b=v adds one, ++a.b=v does either, ~a.b takes one\n"
    "out. Without --config-path the configuration is the built-in one: NeMo's keys and defaults.\n"
    "  --cfg job    print the configuration and stop (--resolve: with its interpolations "
    "resolved)\n\n"
    "Example:\n"
    "  sbert train restore_from_path=minilm.nemo model.data.data_prefix=train.json \\\n"
    "      model.global_batch_size=16 model.micro_batch_size=16 trainer.max_steps=200 \\\n"
    "      model.optim.sched.constant_steps=0 exp_manager.explicit_log_dir=run/\n\n"
    "The same command again goes on from the last checkpoint. Keys (NeMo's others have no "
    "effect):\n";

void print_help() {
  std::string text(kHelp);
  for (const OptionHelp& option : describe_options(TrainOptions{}, "")) {
    text += concat("  ", option.key, "=", option.default_value, "\n      ", option.help, "\n");
  }
  std::fputs(text.c_str(), stdout);
}

void open_log_folder(const TrainOptions& options, const Words& words) {
  const std::filesystem::path folder = log_folder(options.exp_manager);
  make_folder(folder);
  remove_temporary_files(folder);
  log_to_file((folder / "nemo_log_globalrank-0_localrank-0.txt").string());
  write_file_atomically(folder / "hparams.yaml", write_yaml(to_tree(options)));
  std::string line = "sbert train";
  for (const std::string& word : words)
    line += concat(" '", word, "'");
  write_file_atomically(folder / "cmd-args.log", line + "\n");
}

}  // namespace

void run_train(const Words& words) {
  const CommandLine line = parse_command_line(words);
  if (line.help) {
    print_help();
    return;
  }
  const ConfigTree tree = train_config(line);
  if (line.show_config) {
    std::fputs(write_yaml(line.resolve ? resolve(tree) : tree).c_str(), stdout);
    return;
  }
  const TrainOptions options = read_train_options(resolve(tree));
  report_ignored_overrides(line);

  // A name like intfloat/e5-large-unsupervised is no folder here: the checkpoint has the tokenizer.
  const std::string tokenizer = options.model.tokenizer.type.value_or("");
  SentenceModel model = std::filesystem::is_directory(tokenizer)
                            ? load_model(options.restore_from_path, tokenizer)
                            : load_model(options.restore_from_path);
  open_log_folder(options, words);
  const std::int64_t steps = train_model(options, model);
  if (options.exp_manager.checkpoint_callback_params.save_nemo_on_train_end) {
    const std::filesystem::path path = trained_model_path(options.exp_manager);
    save_model(model, path, ModelFormat::kNemo);
    log_info(concat("trained ", steps, " steps; the model is ", path));
  }
}

}  // namespace sbert
