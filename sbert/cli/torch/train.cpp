#include "sbert/cli/torch/train.h"

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <c10/core/Device.h>

#include "sbert/base/concat.h"
#include "sbert/base/folder_lock.h"
#include "sbert/base/log.h"
#include "sbert/checkpoint/model_files.h"
#include "sbert/cli/torch/train_config.h"
#include "sbert/config/interpolation.h"
#include "sbert/config/membership.h"
#include "sbert/config/options.h"
#include "sbert/config/yaml.h"
#include "sbert/dist/launcher.h"
#include "sbert/dist/process_group.h"
#include "sbert/report/training_report.h"
#include "sbert/run/architecture_keys.h"
#include "sbert/run/run_folder.h"
#include "sbert/run/trainer.h"

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
    "      model.optim.sched.warmup_steps=20 model.optim.sched.constant_steps=0 \\\n"
    "      exp_manager.explicit_log_dir=run/\n\n"
    "Run the same command to resume from the last checkpoint. Keys (NeMo's others have no "
    "effect):\n";

void print_help() {
  std::string text(kHelp);
  for (const OptionHelp& option : describe_options(TrainOptions{}, "")) {
    text += concat("  ", option.key, "=", option.default_value, "\n      ", option.help, "\n");
  }
  std::fputs(text.c_str(), stdout);
}

std::string time_stamp() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  localtime_r(&now, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d_%H-%M-%S", &parts)};
}

std::string quoted(const Arguments& arguments) {
  std::string line = "sbert train";
  for (const std::string& word : arguments)
    line += concat(" '", word, "'");
  return line;
}

TextModel load_start(const TrainOptions& options, const WorkerPool& pool) {
  // A name like intfloat/e5-large-unsupervised is not a folder: the checkpoint has the tokenizer.
  const std::string tokenizer = options.model.tokenizer.type.value_or("");
  return load_model(options.restore_from_path, pool,
                    std::filesystem::is_directory(tokenizer) ? tokenizer : std::string());
}

void report(const TrainResult& result, const std::filesystem::path& folder) {
  if (result.end == RunEnd::kFinished) {
    log_info(concat("trained ", result.steps, " steps; the models are in ", folder));
    return;
  }
  log_info(concat(result.end == RunEnd::kTimeIsUp ? "the time is up" : "stopped", " after step ",
                  result.steps, "; the state is saved; run the same command to resume"));
}

// A finished run that is started again may have lost its metrics.
void write_report(const std::filesystem::path& folder) {
  if (std::filesystem::exists(folder / "metrics.jsonl")) {
    write_training_report(folder, folder / "report.html");
  } else {
    log_warning(concat(folder / "metrics.jsonl", ": not there, so no report.html is written"));
  }
}

struct TrainCommand {
  const Arguments& arguments;
  const CommandLine& line;
  const ConfigTree& config;  // before interpolations are resolved
  const ConfigTree& resolved;
  const TrainOptions& options;
};

// What was changed; the whole is in a file.
void report_configuration(const TrainCommand& command, const std::filesystem::path& folder) {
  std::string text = concat("the configuration of this run is in ", folder / "hparams.yaml",
                            "; changed of the one built in:");
  for (const std::string& word : changed_words(command.line, command.config))
    text += concat("\n  ", word);
  log_info(text);
  report_ignored_keys(command.line, command.config);
}

RunEnd train(const TrainCommand& command, const c10::Device& device, ProcessGroup& group) {
  const TrainOptions& options = command.options;
  const WorkerPool pool;
  TextModel start = load_start(options, pool);
  refuse_other_architecture(command.resolved, overridden_keys(command.line), start.encoder);
  const std::filesystem::path folder = log_folder(options.exp_manager, time_stamp());
  std::optional<FolderLock> lock;  // of the process that writes
  if (group.is_leader()) {
    lock.emplace(folder);
    const std::string config = write_yaml(with_defaults(command.resolved, options));
    open_run_folder(folder, quoted(command.arguments), config);
    report_configuration(command, folder);
  }
  const TrainResult result =
      train_model(options, folder, std::move(start), device, {pool, signal_stop_token()}, group);
  if (result.end == RunEnd::kFinished && group.is_leader()) write_report(folder);
  report(result, folder);
  return result.end;
}

// This process's place among those that a launcher started; they must be as many as the options
// say, if the options say anything.
std::optional<Membership> membership_of(const TrainerOptions& trainer) {
  const std::optional<Membership> found = find_membership(process_environment);
  const std::int64_t wanted = trainer.devices * trainer.num_nodes;
  if (found && wanted != 1 && wanted != found->size) {
    fail(ErrorKind::kUsage,
         concat("trainer.devices (", trainer.devices, ") times trainer.num_nodes (",
                trainer.num_nodes,
                ") must be the number of processes that were started: ", found->size));
  }
  if (!found && trainer.num_nodes > 1) {
    fail(ErrorKind::kUsage,
         "trainer.num_nodes above 1 needs a launcher on each machine (torchrun, srun, mpirun), or "
         "RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT in the environment");
  }
  return found;
}

}  // namespace

void run_train(const Arguments& arguments, const Arguments& words) {
  const CommandLine line = parse_command_line(arguments);
  if (line.help) {
    print_help();
    return;
  }
  const ConfigTree tree = train_config(line);
  if (line.show_config) {
    std::fputs(write_yaml(line.resolve ? resolve(tree) : tree).c_str(), stdout);
    return;
  }
  const ConfigTree resolved = resolve(tree);
  const TrainOptions options = read_train_options(resolved);
  const std::optional<Membership> membership = membership_of(options.trainer);
  if (!membership && options.trainer.devices > 1) {
    run_local_processes(static_cast<int>(options.trainer.devices), words, signal_stop_token());
    return;
  }
  if (membership && membership->rank > 0) set_quiet(true);
  const c10::Device device = options.trainer.device(membership ? membership->local_rank : 0);
  std::unique_ptr<ProcessGroup> connected;
  if (membership) {
    connected = connect(*membership, device, static_cast<int>(options.trainer.process_timeout_s),
                        signal_stop_token());
  }
  ProcessGroup& group = connected ? *connected : alone();
  const RunEnd end = run_collective(
      group, [&] { return train({arguments, line, tree, resolved, options}, device, group); });
  if (end == RunEnd::kAskedToStop) fail(ErrorKind::kCancelled, "");  // report() has said it
}

}  // namespace sbert
