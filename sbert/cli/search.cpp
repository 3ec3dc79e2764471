#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/progress.h"
#include "sbert/cli/backend.h"
#include "sbert/cli/option_parser.h"
#include "sbert/data/text_lines.h"
#include "sbert/data/utf8_check.h"
#include "sbert/embed/finite_rows.h"
#include "sbert/embed/npy.h"
#include "sbert/search/similarity.h"
#include "sbert/search/topk.h"

namespace sbert {
namespace {

enum class Format { kText, kJson };
constexpr auto enum_names(Format) {
  return std::to_array<EnumName<Format>>({{"text", Format::kText}, {"json", Format::kJson}});
}

struct SearchOptions {
  std::vector<std::string> query;
  std::string model;
  std::string corpus;
  std::optional<InputFormat> input_format;
  std::string queries;
  std::optional<InputFormat> queries_format;
  std::string embeddings;
  std::int64_t k = 10;
  std::string query_prompt_name;
  std::string document_prompt_name;
  Format format = Format::kText;
  EncodingOptions encoding;

  static constexpr auto fields() {
    using Self = SearchOptions;
    return std::tuple{
        field("query", &Self::query, "questions; or --queries"),
        field("model", &Self::model, "model folder or .nemo"),
        field("corpus", &Self::corpus,
              "documents: JSON with \"_id\", \"title\", \"text\" (.jsonl, .json), a table (.csv, "
              ".tsv), or a text a line, also in .gz; - for stdin"),
        field("input_format", &Self::input_format,
              "of --corpus: jsonl (JSON Lines or an array), csv, tsv or text; default: by its name "
              "and content"),
        field("queries", &Self::queries, "a file of questions, in the same forms"),
        field("queries_format", &Self::queries_format, "of --queries, as --input-format"),
        field("embeddings", &Self::embeddings,
              "the corpus's vectors (.npy): read if the file is there, else written"),
        field("k", &Self::k, "documents for each question"),
        field("query_prompt_name", &Self::query_prompt_name,
              "prompt put before questions; default: the model's \"query\", if it has one"),
        field("document_prompt_name", &Self::document_prompt_name,
              "prompt put before documents; default: \"document\" or \"passage\""),
        field("format", &Self::format, "text or json (an object a question)"),
    };
  }
};

constexpr CommandHelp kHelp{
    "search", "Finds the documents whose vectors are nearest to each question's, exactly.",
    "  sbert search --model tuned.nemo --corpus corpus.jsonl \"a program that plays chess\"\n"
    "  sbert search --model tuned.nemo --corpus corpus.jsonl --queries questions.txt --format "
    "json\n"};

constexpr std::size_t kSnippetBytes = 90;

// The beginning of a text on one line, cut between characters.
std::string snippet(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool starts_character = (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    if (line.size() >= kSnippetBytes && starts_character) return line + "...";
    line += c == '\n' || c == '\t' || c == '\r' ? ' ' : c;
  }
  return line;
}

FloatMatrix corpus_vectors(const TextEmbedder& embedder,
                           const std::vector<TextRecord>& corpus,
                           const SearchOptions& options,
                           const StopToken& stop) {
  const bool is_stored = !options.embeddings.empty() && std::filesystem::exists(options.embeddings);
  if (is_stored) {
    FloatMatrix stored = read_npy(options.embeddings);
    if (stored.rows != static_cast<std::int64_t>(corpus.size()) ||
        stored.columns != embedder.width()) {
      fail(ErrorKind::kInput,
           concat(options.embeddings, ": is not of this corpus and model: ", stored.rows, " x ",
                  stored.columns, ", not ", corpus.size(), " x ", embedder.width()));
    }
    if (const auto row = first_not_finite(stored, 0, stored.rows)) {
      fail(ErrorKind::kInput, concat(options.embeddings, ": the vector of document ",
                                     corpus[static_cast<std::size_t>(*row)].id, " is not finite"));
    }
    return stored;
  }
  Progress progress("embedding the corpus", static_cast<std::int64_t>(corpus.size()), "documents");
  FloatMatrix vectors = embedder.embed(
      texts_of(corpus), {.prompt = document_prompt(embedder.card(), options.document_prompt_name),
                         .max_length = options.encoding.max_length,
                         .stop = stop,
                         .on_progress = [&](std::int64_t count) { progress.advance(count); }});
  if (!options.embeddings.empty()) write_npy(vectors, options.embeddings);
  return vectors;
}

void print_text(const std::string& query,
                const std::vector<Hit>& hits,
                const std::vector<TextRecord>& corpus) {
  std::printf("%s\n", query.c_str());
  for (std::size_t rank = 0; rank < hits.size(); ++rank) {
    const TextRecord& record = corpus[static_cast<std::size_t>(hits[rank].row)];
    std::printf("%4zu  %s  %-24s  %s\n", rank + 1, fixed(hits[rank].score, 4).c_str(),
                record.id.c_str(), snippet(record.text).c_str());
  }
}

void print_json(const std::string& query,
                const std::vector<Hit>& hits,
                const std::vector<TextRecord>& corpus) {
  nlohmann::ordered_json line{{"query", query}, {"results", nlohmann::ordered_json::array()}};
  for (const Hit& hit : hits) {
    const TextRecord& record = corpus[static_cast<std::size_t>(hit.row)];
    line["results"].push_back({{"id", record.id}, {"score", hit.score}, {"text", record.text}});
  }
  std::puts(line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

std::vector<std::string> read_queries(const SearchOptions& options) {
  if (options.queries_format && options.queries.empty()) {
    fail(ErrorKind::kUsage, "--queries-format needs --queries");
  }
  const std::vector<std::string> queries =
      options.queries.empty() ? options.query : read_texts(options.queries, options.queries_format);
  if (queries.empty()) fail(ErrorKind::kUsage, "no question: give one, or --queries FILE");
  return queries;
}

void search(const SearchOptions& options, Models& models) {
  const std::vector<std::string> queries = read_queries(options);
  const std::unique_ptr<TextEmbedder> embedder =
      open_model(models, options.model, options.encoding);
  const std::vector<TextRecord> corpus = read_text_records(options.corpus, options.input_format);
  if (corpus.empty()) fail(ErrorKind::kInput, concat(options.corpus, ": no documents"));
  FloatMatrix documents = corpus_vectors(*embedder, corpus, options, models.context().stop);
  FloatMatrix questions =
      embedder->embed(queries, {.prompt = query_prompt(embedder->card(), options.query_prompt_name),
                                .max_length = options.encoding.max_length,
                                .stop = models.context().stop});
  normalize_for_dot_product(*embedder, documents);
  normalize_for_dot_product(*embedder, questions);
  const auto results = exact_topk(questions, documents, options.k, models.context());
  const auto print = options.format == Format::kJson ? print_json : print_text;
  for (std::size_t i = 0; i < queries.size(); ++i)
    print(queries[i], results[i], corpus);
}

}  // namespace

void run_search(const Arguments& arguments, Backend& backend) {
  SearchOptions options;
  OptionParser parser(kHelp, {"query"});
  add_fields(parser, options);
  add_fields(parser, options.encoding);
  for (const char* key : {"model", "corpus"})
    parser.require(key);
  if (!parser.parse(arguments)) return;
  if (options.corpus == "-" && options.queries == "-") {
    fail(ErrorKind::kUsage, "--corpus and --queries cannot both be stdin");
  }
  if (!options.query.empty() && !options.queries.empty()) {
    fail(ErrorKind::kUsage, "give either questions or --queries");
  }
  for (const std::string& query : options.query)
    within("a question", [&] { check_utf8(query, "text"); });
  if (options.k < 1) fail(ErrorKind::kUsage, concat("--k must be at least 1: ", options.k));
  backend.run(options.encoding, [&](Models& models) { search(options, models); });
}

}  // namespace sbert
