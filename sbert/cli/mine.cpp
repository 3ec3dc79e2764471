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
#include "sbert/cli/backend.h"
#include "sbert/cli/option_parser.h"
#include "sbert/cli/output_check.h"
#include "sbert/data/beir.h"
#include "sbert/embed/model_fingerprint.h"
#include "sbert/mine/mined_file.h"
#include "sbert/mine/mining.h"
#include "sbert/report/mining_report.h"

namespace sbert {
namespace {

struct MineOptions {
  std::string model;
  std::vector<std::string> data;
  std::string output;
  std::string corpus;
  std::optional<InputFormat> input_format;
  std::string split = "train";
  CandidateSource candidates = CandidateSource::kDense;
  std::int64_t approximate_above = 0;
  std::int64_t graph_documents = MiningOptions{}.graph_documents;
  std::string teacher;
  std::string query_prompt_name;
  std::string document_prompt_name;
  bool with_scores = false;
  bool with_ids = false;
  std::string report;
  std::string vectors;
  std::string memory = "2GB";
  std::int64_t seed = 0;
  EncodingOptions encoding{.shares_under_launcher = true};

  static constexpr auto fields() {
    using Self = MineOptions;
    return std::tuple{
        field("model", &Self::model, "model folder or .nemo"),
        field("data", &Self::data,
              "training files (question, pos_doc; neg_doc is not needed), or a folder in BEIR "
              "layout"),
        field("output", &Self::output,
              "training file to write: .jsonl is a record a line, any other name a JSON array"),
        field("corpus", &Self::corpus,
              "documents to search: JSON, a table or text, as search --corpus takes them, or a "
              "folder "
              "with corpus.jsonl; default: all documents of the data"),
        field("input_format", &Self::input_format,
              "of --corpus: jsonl (JSON Lines or an array), csv, tsv or text; default: by its name "
              "and content"),
        field("split", &Self::split, "judgements of a BEIR folder: qrels/SPLIT.tsv"),
        field("candidates", &Self::candidates,
              "dense: by the model; bm25: by words; hybrid: both, by reciprocal rank fusion"),
        field("approximate_above", &Self::approximate_above,
              "dense: search corpora of more documents than this by HNSW graphs; 0: all exactly"),
        field("graph_documents", &Self::graph_documents,
              "documents of one HNSW graph: more make the search faster and take more memory"),
        field("teacher", &Self::teacher,
              "a second model, whose scores order and filter the candidates"),
        field("query_prompt_name", &Self::query_prompt_name,
              "prompt put before questions; default: the model's \"query\", if it has one"),
        field("document_prompt_name", &Self::document_prompt_name,
              "prompt put before documents; default: \"document\" or \"passage\""),
        field("with_scores", &Self::with_scores, "also write pos_scores and neg_scores"),
        field("with_ids", &Self::with_ids,
              "also write question_id, pos_doc_id and neg_doc_id (BEIR)"),
        field("report", &Self::report,
              "name of the report without .json and .html; default: OUTPUT.report"),
        field("vectors", &Self::vectors,
              "folder to keep embeddings in for the next run; default: OUTPUT.vectors, removed "
              "when all is done"),
        field("memory", &Self::memory, "most memory to take, whatever the corpus's size"),
        field("seed", &Self::seed, "of --sampling random"),
    };
  }
};

constexpr CommandHelp kHelp{
    "mine",
    "Writes training data with hard negatives: documents that are near a question but do not "
    "answer\n"
    "it. Every question is compared with every document; then rules drop what may be an answer "
    "after\n"
    "all. A margin below the question's positives is the most useful rule: --topk-percpos 0.95 "
    "drops\n"
    "documents that score more than 95% of the lowest positive. The report shows what came out.\n"
    "A run that was stopped resumes with the embeddings that it has finished.",
    "  sbert mine --model MiniLM/ --data train.jsonl --output mined.jsonl --topk-percpos 0.95\n"
    "  sbert mine --model MiniLM/ --data scifact/ --output mined.json --candidates hybrid\n"
    "  sbert mine --model MiniLM/ --data train.json --corpus wiki.jsonl --output mined.jsonl \\\n"
    "    --range-min 10 --range-max 100 --sampling random --num-negatives 8 --memory 8GB\n"};

std::optional<std::filesystem::path> optional_path(const std::string& path) {
  if (path.empty()) return std::nullopt;
  return path;
}

MiningInput read_input(const MineOptions& options, const ComputeContext& context) {
  if (options.data.size() == 1 && std::filesystem::is_directory(options.data[0])) {
    if (!is_beir_folder(options.data[0])) {
      fail(ErrorKind::kInput,
           concat(options.data[0], ": a folder must have corpus.jsonl, queries.jsonl and qrels/"));
    }
    if (!options.corpus.empty()) {
      fail(ErrorKind::kUsage,
           concat("--corpus cannot be given with a BEIR folder, which has its own: ",
                  options.corpus));
    }
    return read_mining_beir(options.data[0], options.split, context);
  }
  return read_mining_examples(options.data, optional_path(options.corpus), context,
                              options.input_format);
}

std::vector<std::pair<std::string, std::string>> settings_of(const MineOptions& options,
                                                             const FilterOptions& filter) {
  std::vector<std::pair<std::string, std::string>> settings{
      {"model", options.model},
      {"candidates", std::string(enum_name(options.candidates))},
      {"sampling", std::string(enum_name(filter.sampling))},
      {"num_negatives", concat(filter.num_negatives)},
      {"range_min", concat(filter.range_min)},
      {"range_max", concat(filter.range_max)},
      {"near_duplicate", concat(filter.near_duplicate)},
      {"approximate_above", concat(options.approximate_above)},
      {"seed", concat(options.seed)}};
  for (const std::string& file : options.data)
    settings.emplace_back("data", file);
  if (!options.corpus.empty()) settings.emplace_back("corpus", options.corpus);
  if (!options.teacher.empty()) settings.emplace_back("teacher", options.teacher);
  const auto add = [&](const char* name, const std::optional<double>& value) {
    if (value) settings.emplace_back(name, concat(*value));
  };
  add("max_score", filter.max_score);
  add("min_score", filter.min_score);
  add("absolute_margin", filter.absolute_margin);
  add("relative_margin", filter.relative_margin);
  add("topk_percpos", filter.topk_percpos);
  add("topk_abs", filter.topk_abs);
  return settings;
}

// Of the model's files, so that embeddings of a model that changed are not reused.
std::uint64_t model_key(const std::string& model, const StopToken& stop) {
  return model_fingerprint(model, {}, stop).low;
}

void mine(const MineOptions& options, MiningOptions mining, Models& models) {
  const StopToken& stop = models.context().stop;
  std::vector<std::string> paths{options.model};
  if (!options.teacher.empty()) paths.push_back(options.teacher);
  const std::vector<std::unique_ptr<TextEmbedder>> embedders =
      open_models(models, paths, options.encoding);
  const TextEmbedder& embedder = *embedders.front();
  mining.query_prompt = query_prompt(embedder.card(), options.query_prompt_name);
  mining.document_prompt = document_prompt(embedder.card(), options.document_prompt_name);
  mining.model_key = model_key(options.model, stop);
  Teacher teacher;
  if (!options.teacher.empty()) {
    teacher = {.embedder = embedders.back().get(),
               .query_prompt = query_prompt(embedders.back()->card(), ""),
               .document_prompt = document_prompt(embedders.back()->card(), ""),
               .model_key = model_key(options.teacher, stop)};
  }

  const MiningInput input = read_input(options, models.context());
  MinedFile output(options.output, input,
                   {.with_scores = options.with_scores, .with_ids = options.with_ids});
  MiningReport report(input, mining.filter.num_negatives, settings_of(options, mining.filter));
  const auto take = [&](std::size_t question, const MinedQuestion& mined) {
    output.add(question, mined);
    report.add(question, mined);
  };
  mine_hard_negatives(embedder, teacher, input, mining, take, models.context());
  output.commit();
  const std::string name =
      options.report.empty() ? concat(options.output, ".report") : options.report;
  write_file_atomically(concat(name, ".json"), report.json());
  write_file_atomically(concat(name, ".html"), report.html());
  if (options.vectors.empty()) remove_vectors(mining.vectors_folder);
  std::puts(report.summary().c_str());
}

}  // namespace

void run_mine(const Arguments& arguments, Backend& backend) {
  MineOptions options;
  MiningOptions mining;
  OptionParser parser(kHelp, {});
  add_fields(parser, options);
  add_fields(parser, mining.filter);
  add_fields(parser, options.encoding);
  for (const char* key : {"model", "data", "output"})
    parser.require(key);
  if (!parser.parse(arguments)) return;
  std::vector<std::string> inputs = options.data;
  inputs.push_back(options.corpus);
  refuse_output_over_input(options.output, inputs);
  mining.candidates = options.candidates;
  mining.approximate_above = options.approximate_above;
  mining.graph_documents = options.graph_documents;
  mining.max_length = options.encoding.max_length;
  mining.seed = static_cast<std::uint64_t>(options.seed);
  mining.memory_bytes = within("--memory", [&] { return parse_byte_count(options.memory); });
  mining.vectors_folder =
      options.vectors.empty() ? concat(options.output, ".vectors") : options.vectors;
  mining.validate();
  backend.run(options.encoding, [&](Models& models) { mine(options, mining, models); });
}

}  // namespace sbert
