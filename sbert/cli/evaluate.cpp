#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sbert/base/byte_count.h"
#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/base/log.h"
#include "sbert/base/progress.h"
#include "sbert/cli/backend.h"
#include "sbert/cli/evaluation_output.h"
#include "sbert/cli/option_parser.h"
#include "sbert/embed/cached_embedder.h"
#include "sbert/eval/role_embedder.h"
#include "sbert/eval/tasks.h"
#include "sbert/report/evaluation_report.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;

enum class Format { kTable, kJson };
constexpr auto enum_names(Format) {
  return std::to_array<EnumName<Format>>({{"table", Format::kTable}, {"json", Format::kJson}});
}

struct EvaluateOptions {
  std::vector<std::string> model;
  std::string data;
  std::string split = "test";
  RetrievalMode mode = RetrievalMode::kTrec;
  std::optional<IdenticalIds> identical_ids;
  std::string k = "1,3,5,10,100,1000";
  std::string query_prompt_name;
  std::string document_prompt_name;
  std::string prompt_name;
  std::int64_t seed = 0;
  int restarts = 3;
  std::int64_t neighbours = 5;
  std::string cache;
  bool no_cache = false;
  std::string memory;
  std::string run_file;
  std::string report;
  std::string output;
  Format format = Format::kTable;
  EncodingOptions encoding{.shares_under_launcher = true};

  static constexpr auto fields() {
    using Self = EvaluateOptions;
    return std::tuple{
        field("model", &Self::model, "model folder or .nemo; give several to compare them"),
        field("data", &Self::data, "file or folder with the task's data"),
        field("split", &Self::split, "retrieval: judgements to use: qrels/SPLIT.tsv"),
        field("mode", &Self::mode,
              "retrieval: definitions of trec (trec_eval) or st (sentence-transformers)"),
        field("identical_ids", &Self::identical_ids,
              "retrieval: ignore or keep the document that has the query's id; default: ignore, as "
              "BEIR and MTEB; in mode st keep, as sentence-transformers"),
        field("k", &Self::k, "retrieval: ranks up to which is measured, with commas between"),
        field("query_prompt_name", &Self::query_prompt_name,
              "prompt put before queries; default: the model's \"query\", if it has one"),
        field("document_prompt_name", &Self::document_prompt_name,
              "prompt put before documents; default: \"document\" or \"passage\""),
        field("prompt_name", &Self::prompt_name,
              "prompt put before texts of the other tasks; default: the model's default"),
        field("seed", &Self::seed, "clustering: of its random choices"),
        field("restarts", &Self::restarts, "clustering: runs of which the best one counts"),
        field("neighbours", &Self::neighbours, "classification: nearest texts that vote"),
        field("cache", &Self::cache,
              "folder of embeddings that are kept; default: embeddings/ in the cache of sbert"),
        field("no_cache", &Self::no_cache, "neither take embeddings from the cache nor keep any"),
        field("memory", &Self::memory,
              "retrieval: most memory to take, as 2GB, whatever the corpus's embeddings need"),
        field("run_file", &Self::run_file,
              "retrieval: also write the rankings, as trec_eval reads them"),
        field("report", &Self::report, "write a page to look at: report.html"),
        field("output", &Self::output,
              "folder to write results.json to, and of retrieval the rankings, run.trec"),
        field("format", &Self::format, "table or json"),
    };
  }
};

std::string description() {
  std::string text = "Measures how good a model's embeddings are at a task:\n";
  for (const TaskKind& task : all_tasks())
    text += concat("  ", task.name, std::string(21 - task.name.size(), ' '), task.data, "\n");
  return text + "A file is a table (.tsv without quoting, .csv) or JSON Lines.";
}

constexpr std::string_view kExamples =
    "  sbert evaluate sts --model MiniLM/ --data stsb-dev.tsv\n"
    "  sbert evaluate retrieval --model MiniLM/ --data scifact/ --output scifact-results/\n"
    "  sbert evaluate retrieval --model before.nemo --model after.nemo --data packages/\n";

std::vector<std::int64_t> parse_cutoffs(std::string_view list) {
  std::vector<std::int64_t> cutoffs;
  while (true) {
    const std::string_view word = list.substr(0, list.find(','));
    std::int64_t k = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), k);
    if (error != std::errc() || end != word.data() + word.size() || k < 1) {
      fail(ErrorKind::kUsage, concat("--k must be numbers from 1 with commas between: ", word));
    }
    if (std::find(cutoffs.begin(), cutoffs.end(), k) == cutoffs.end()) cutoffs.push_back(k);
    if (word.size() == list.size()) return cutoffs;
    list.remove_prefix(word.size() + 1);
  }
}

TaskOptions task_options(const EvaluateOptions& options) {
  TaskOptions task;
  task.split = options.split;
  task.retrieval = {.mode = options.mode,
                    .identical_ids = options.identical_ids,
                    .cutoffs = parse_cutoffs(options.k),
                    .run_file = options.run_file};
  if (!options.memory.empty()) {
    task.retrieval.memory_bytes =
        within("--memory", [&] { return parse_byte_count(options.memory); });
  }
  task.clustering = {.restarts = options.restarts,
                     .seed = static_cast<std::uint64_t>(options.seed)};
  task.classification = {.neighbours = options.neighbours};
  return task;
}

void check(const EvaluateOptions& options, std::string_view task) {
  const auto fail_if = [](bool is_wrong, const char* message) {
    if (is_wrong) fail(ErrorKind::kUsage, message);
  };
  fail_if(!options.run_file.empty() && task != "retrieval", "--run-file is for retrieval");
  fail_if(!options.run_file.empty() && options.model.size() > 1,
          "--run-file holds the rankings of one model: give one --model");
  fail_if(options.identical_ids && task != "retrieval", "--identical-ids is for retrieval");
  fail_if(!options.memory.empty() && task != "retrieval", "--memory is for retrieval");
  fail_if(options.restarts < 1, "--restarts must be at least 1");
  fail_if(options.neighbours < 1, "--neighbours must be at least 1");
}

NamedEvaluation evaluate_one(const std::string& path,
                             std::string_view task,
                             const EvaluateOptions& options,
                             const TaskOptions& task_options,
                             Models& models) {
  const std::unique_ptr<TextEmbedder> embedder =
      open_model(models, path, options.encoding, options.model.size() > 1);
  const auto run = [&](const TextEmbedder& source) -> NamedEvaluation {
    RoleEmbedder roles(source,
                       {.query_prompt_name = options.query_prompt_name,
                        .document_prompt_name = options.document_prompt_name,
                        .prompt_name = options.prompt_name,
                        .max_length = options.encoding.max_length},
                       models.context());
    return {path, run_task(task, options.data, roles, task_options)};
  };
  if (options.no_cache) return run(*embedder);
  const fs::path folder =
      options.cache.empty() ? default_embedding_cache_folder() : fs::path(options.cache);
  // What is kept of a run that ends at a long text holds none that were cut.
  const std::string kind = concat(enum_name(options.encoding.precision),
                                  options.encoding.on_long == OnLong::kError ? ", none cut" : "");
  return run(CachedEmbedder(*embedder, path, kind, folder, models.context().stop));
}

ReportData report_data(std::string_view task,
                       const EvaluateOptions& options,
                       const std::vector<NamedEvaluation>& evaluations) {
  ReportData data{.title = concat(task, " on ", fs::path(options.data).filename().native()),
                  .facts = {{"data", options.data}},
                  .evaluations = evaluations};
  for (const auto& [name, count] : evaluations.front().evaluation.counts)
    data.facts.push_back({name, with_thousands(count)});
  return data;
}

// The rankings of each model in the output folder have a file of their own.
fs::path run_file_in(const std::string& folder, std::size_t model, std::size_t models) {
  return fs::path(folder) / (models == 1 ? "run.trec" : concat("run-", model + 1, ".trec"));
}

std::vector<NamedEvaluation> evaluate_all(std::string_view task,
                                          const EvaluateOptions& options,
                                          TaskOptions settings,
                                          Models& models) {
  std::vector<NamedEvaluation> evaluations;
  for (std::size_t i = 0; i < options.model.size(); ++i) {
    const bool writes_run = task == "retrieval" && !options.output.empty();
    if (writes_run && options.run_file.empty())
      settings.retrieval.run_file = run_file_in(options.output, i, options.model.size());
    evaluations.push_back(evaluate_one(options.model[i], task, options, settings, models));
    for (const std::string& warning : evaluations.back().evaluation.warnings)
      log_warning(warning);
  }
  return evaluations;
}

void write_results(std::string_view task,
                   const EvaluateOptions& options,
                   const std::vector<NamedEvaluation>& evaluations,
                   const ComputeContext& context) {
  const std::vector<ComparisonRow> comparison =
      evaluations.size() > 1 ? compare(evaluations, {}, context) : std::vector<ComparisonRow>{};
  if (!options.output.empty()) {
    write_file_atomically(fs::path(options.output) / "results.json",
                          concat(json_of(evaluations, comparison, 2), "\n"));
  }
  if (!options.report.empty()) {
    write_report(options.report, report_data(task, options, evaluations), context);
    log_info(concat("wrote ", options.report));
  }
  const std::string text = options.format == Format::kJson
                               ? concat(json_of(evaluations, comparison, -1), "\n")
                               : table_of(evaluations, comparison);
  std::fputs(text.c_str(), stdout);
}

}  // namespace

void run_evaluate(const Arguments& arguments, Backend& backend) {
  EvaluateOptions options;
  const bool asks_for_help =
      !arguments.empty() && (arguments[0] == "--help" || arguments[0] == "-h");
  const std::string_view task =
      asks_for_help ? "TASK" : find_task(arguments.empty() ? "" : arguments[0]).name;
  const std::string name = concat("evaluate ", task);
  const std::string about = description();
  OptionParser parser({name, about, kExamples}, {});
  add_fields(parser, options);
  add_fields(parser, options.encoding);
  for (const char* key : {"model", "data"})
    parser.require(key);
  if (!parser.parse(Arguments(arguments.begin() + (asks_for_help ? 0 : 1), arguments.end())))
    return;
  check(options, task);

  const TaskOptions settings = task_options(options);
  backend.run(options.encoding, [&](Models& models) {
    if (!fs::exists(options.data)) {
      fail(ErrorKind::kIo, concat("--data: there is no such file or folder: ", options.data));
    }
    if (!options.output.empty()) make_folder(options.output);
    write_results(task, options, evaluate_all(task, options, settings, models), models.context());
  });
}

}  // namespace sbert
