#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/progress.h"
#include "sbert/checkpoint/model_files.h"
#include "sbert/cli/commands.h"
#include "sbert/cli/option_parser.h"
#include "sbert/data/beir.h"
#include "sbert/eval/retrieval_task.h"

namespace sbert {
namespace {

struct EvaluateOptions {
  std::vector<std::string> model;
  std::string data;
  std::string split = "test";
  std::string query_prompt_name;
  std::string document_prompt_name;
  std::int64_t max_length = 0;
  int threads = 0;
  std::string run_file;
  std::string format = "table";

  static constexpr auto fields() {
    using Self = EvaluateOptions;
    return std::tuple{
        field("model", &Self::model, "model folder or .nemo; give several to compare them"),
        field("data", &Self::data, "folder in BEIR layout: corpus.jsonl, queries.jsonl, qrels/"),
        field("split", &Self::split, "judgements to use: qrels/SPLIT.tsv"),
        field("query_prompt_name", &Self::query_prompt_name,
              "prompt put before queries; default: the model's \"query\", if it has one"),
        field("document_prompt_name", &Self::document_prompt_name,
              "prompt put before documents; default: \"passage\" or \"document\""),
        field("max_length", &Self::max_length, "tokens a text is cut to; 0: the model's"),
        field("threads", &Self::threads, "0: every core"),
        field("run_file", &Self::run_file, "also write the rankings, as trec_eval reads them"),
        field("format", &Self::format, "table or json"),
    };
  }
};

constexpr CommandHelp kHelp{
    "evaluate retrieval",
    "Ranks a corpus for each judged query and measures the rankings as trec_eval does: nDCG, MRR,\n"
    "MAP, recall, precision and accuracy at several k.",
    "  sbert evaluate retrieval --model MiniLM/ --data scifact/\n"
    "  sbert evaluate retrieval --model before.nemo --model after.nemo --data packages/\n"};

// The rows of the table; --format json has every metric.
const std::vector<std::string> kTableMetrics{"ndcg@10",    "mrr@10",       "map@100",   "recall@10",
                                             "recall@100", "precision@10", "accuracy@1"};

RetrievalReport evaluate_one(const std::string& path,
                             const RetrievalData& data,
                             const EvaluateOptions& options) {
  const SentenceModel model = load_model(path);
  Progress progress(concat("embedding for ", path),
                    static_cast<std::int64_t>(data.queries.size() + data.documents.size()),
                    "texts");
  RetrievalOptions retrieval;
  retrieval.query_embedding = {.prompt = query_prompt(model, options.query_prompt_name),
                               .max_length = options.max_length,
                               .threads = options.threads,
                               .on_progress = [&](std::int64_t n) { progress.advance(n); }};
  retrieval.document_embedding = retrieval.query_embedding;
  retrieval.document_embedding.prompt = document_prompt(model, options.document_prompt_name);
  RetrievalReport report = evaluate_retrieval(model, data, retrieval);
  if (!options.run_file.empty()) write_trec_run(options.run_file, data, report.rankings, "sbert");
  return report;
}

void print_json(const std::vector<std::string>& models,
                const std::vector<RetrievalReport>& reports) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < reports.size(); ++i) {
    nlohmann::ordered_json object{{"model", models[i]},
                                  {"queries", reports[i].num_queries},
                                  {"documents", reports[i].num_documents}};
    for (const auto& [name, value] : reports[i].metrics)
      object[name] = value;
    all.push_back(object);
  }
  std::puts((all.size() == 1 ? all[0] : all).dump().c_str());
}

// The last part of each path, or the whole paths if two end alike.
std::vector<std::string> column_names(const std::vector<std::string>& models) {
  std::vector<std::string> names;
  for (std::string path : models) {
    while (path.size() > 1 && path.back() == '/')
      path.pop_back();
    names.push_back(std::filesystem::path(path).filename());
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (std::count(names.begin(), names.end(), names[i]) > 1) return models;
  }
  return names;
}

void print_table(const std::vector<std::string>& models,
                 const std::vector<RetrievalReport>& reports) {
  std::printf("%s queries, %s documents\n\n%-14s", with_thousands(reports[0].num_queries).c_str(),
              with_thousands(reports[0].num_documents).c_str(), "");
  std::vector<int> widths;
  for (const std::string& name : column_names(models)) {
    widths.push_back(std::max(8, static_cast<int>(name.size())));
    std::printf("  %*s", widths.back(), name.c_str());
  }
  std::printf(models.size() == 2 ? "      gain\n" : "\n");
  for (const std::string& name : kTableMetrics) {
    std::vector<double> values;
    for (const RetrievalReport& report : reports) {
      for (const auto& [key, value] : report.metrics) {
        if (key == name) values.push_back(value);
      }
    }
    std::printf("%-14s", name.c_str());
    for (std::size_t i = 0; i < values.size(); ++i)
      std::printf("  %*.4f", widths[i], values[i]);
    if (values.size() == 2) std::printf("  %+8.4f", values[1] - values[0]);
    std::printf("\n");
  }
}

}  // namespace

void run_evaluate(const Words& words) {
  if (words.empty() || (words[0] != "retrieval" && words[0] != "--help" && words[0] != "-h")) {
    fail(ErrorKind::kUsage,
         concat("evaluate what? known: retrieval: ", words.empty() ? "" : words[0]));
  }
  EvaluateOptions options;
  OptionParser parser(kHelp, {});
  add_fields(parser, options);
  for (const char* key : {"model", "data"})
    parser.require(key);
  parser.choices("format", {"table", "json"});
  const bool names_task = words[0] == "retrieval";
  if (!parser.parse(Words(words.begin() + (names_task ? 1 : 0), words.end()))) return;
  if (!options.run_file.empty() && options.model.size() > 1) {
    fail(ErrorKind::kUsage, "--run-file holds the rankings of one model: give one --model");
  }

  const RetrievalData data = read_beir(options.data, options.split);
  std::vector<RetrievalReport> reports;
  for (const std::string& path : options.model) {
    reports.push_back(evaluate_one(path, data, options));
  }
  const auto print = options.format == "json" ? print_json : print_table;
  print(options.model, reports);
}

}  // namespace sbert
