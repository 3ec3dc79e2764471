#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/log.h"
#include "sbert/cli/backend.h"
#include "sbert/cli/filled_texts.h"
#include "sbert/cli/input_help.h"
#include "sbert/cli/option_parser.h"
#include "sbert/data/text_excerpt.h"
#include "sbert/data/text_lines.h"
#include "sbert/eval/role_embedder.h"
#include "sbert/search/agglomerative.h"
#include "sbert/search/community_detection.h"
#include "sbert/search/k_means.h"
#include "sbert/search/similarity.h"

namespace sbert {
namespace {

enum class Format { kText, kJsonLines };
constexpr auto enum_names(Format) {
  return std::to_array<EnumName<Format>>({{"text", Format::kText}, {"jsonl", Format::kJsonLines}});
}

struct ClusterOptions {
  std::string model;
  std::string input = "-";
  std::optional<InputFormat> input_format;
  std::int64_t clusters = 0;
  std::optional<Linkage> linkage;
  std::optional<double> threshold;
  std::int64_t min_size = 10;
  std::int64_t seed = 0;
  int restarts = 3;
  std::string prompt_name;
  Format format = Format::kText;
  EncodingOptions encoding;

  static constexpr auto fields() {
    using Self = ClusterOptions;
    return std::tuple{
        field("model", &Self::model, "model folder or .nemo"),
        field("input", &Self::input, kInputHelp),
        field("input_format", &Self::input_format, kInputFormatHelp),
        field("clusters", &Self::clusters, "number of clusters: mini-batch k-means"),
        field("linkage", &Self::linkage,
              "ward, average or complete: join the nearest until --clusters are left"),
        field("threshold", &Self::threshold,
              "least cosine to a community's center: as many communities as there are"),
        field("min_size", &Self::min_size, "texts of a community, at least"),
        field("seed", &Self::seed, "of the random choices of k-means"),
        field("restarts", &Self::restarts, "runs of k-means of which the best one counts"),
        field("prompt_name", &Self::prompt_name, "the model's prompt to put before each text"),
        field("format", &Self::format, "text, or jsonl: an object a text, in order"),
    };
  }
};

constexpr CommandHelp kHelp{
    "cluster",
    "Groups texts by their embeddings: into a number of clusters, or into communities of texts\n"
    "that are all near one of them; then a text may be in none.",
    "  sbert cluster --model MiniLM/ --input texts.txt --clusters 20\n"
    "  sbert cluster --model MiniLM/ --input texts.jsonl --clusters 20 --linkage ward\n"
    "  sbert cluster --model MiniLM/ --input texts.txt --threshold 0.75 --min-size 5\n"};

// Rows of each cluster.
using Clusters = std::vector<std::vector<std::int64_t>>;

// The largest first, of equally large ones that with the first text.
Clusters rows_of(const std::vector<std::int64_t>& cluster_of_text) {
  Clusters clusters;
  for (std::size_t i = 0; i < cluster_of_text.size(); ++i) {
    const auto cluster = static_cast<std::size_t>(cluster_of_text[i]);
    if (cluster >= clusters.size()) clusters.resize(cluster + 1);
    clusters[cluster].push_back(static_cast<std::int64_t>(i));
  }
  std::erase_if(clusters, [](const auto& rows) { return rows.empty(); });
  std::sort(clusters.begin(), clusters.end(), [](const auto& a, const auto& b) {
    return a.size() != b.size() ? a.size() > b.size() : a.front() < b.front();
  });
  return clusters;
}

Clusters find_clusters(FloatMatrix embeddings,
                       const ClusterOptions& options,
                       const ComputeContext& context) {
  if (options.threshold) {
    return detect_communities(
        embeddings, {.threshold = *options.threshold, .min_size = options.min_size}, context);
  }
  normalize_rows(embeddings);
  if (options.linkage) {
    return rows_of(agglomerative_clusters(embeddings, *options.linkage, options.clusters, context));
  }
  return rows_of(mini_batch_k_means(embeddings,
                                    {.clusters = options.clusters,
                                     .restarts = options.restarts,
                                     .seed = static_cast<std::uint64_t>(options.seed)},
                                    context)
                     .clusters);
}

void print_text(const Clusters& clusters, const std::vector<TextRecord>& records) {
  std::size_t grouped = 0;
  for (std::size_t c = 0; c < clusters.size(); ++c) {
    std::printf("%scluster %zu: %zu texts\n", c == 0 ? "" : "\n", c + 1, clusters[c].size());
    for (const std::int64_t row : clusters[c])
      std::printf("  %s\n", excerpt(records[static_cast<std::size_t>(row)].text).c_str());
    grouped += clusters[c].size();
  }
  if (grouped < records.size()) {
    std::printf("%sin no cluster: %zu texts\n", clusters.empty() ? "" : "\n",
                records.size() - grouped);
  }
}

void print_json_lines(const Clusters& clusters, const std::vector<TextRecord>& records) {
  std::vector<std::size_t> numbers(records.size());
  for (std::size_t c = 0; c < clusters.size(); ++c) {
    for (const std::int64_t row : clusters[c])
      numbers[static_cast<std::size_t>(row)] = c + 1;
  }
  for (std::size_t i = 0; i < records.size(); ++i) {
    nlohmann::ordered_json line{{"id", records[i].id}, {"text", records[i].text}};
    line["cluster"] = nullptr;
    if (numbers[i] > 0) line["cluster"] = numbers[i];
    std::puts(line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  }
}

void check(const ClusterOptions& options) {
  const bool has_number = options.clusters > 0;
  if (has_number == options.threshold.has_value()) {
    fail(ErrorKind::kUsage, "give either --clusters or --threshold");
  }
  if (options.linkage && !has_number) {
    fail(ErrorKind::kUsage, "--linkage needs --clusters");
  }
}

void cluster(const ClusterOptions& options, Models& models) {
  const std::vector<TextRecord> records = read_filled_texts(options.input, options.input_format);
  const std::unique_ptr<TextEmbedder> embedder =
      open_model(models, options.model, options.encoding);
  RoleEmbedder source(
      *embedder, {.prompt_name = options.prompt_name, .max_length = options.encoding.max_length},
      models.context());
  const Clusters clusters = find_clusters(source.embed(texts_of(records), TextRole::kSymmetric),
                                          options, models.context());
  if (!options.threshold && std::ssize(clusters) < options.clusters) {
    log_warning(concat("no more than ", clusters.size(),
                       " texts have embeddings of their own; so many clusters are there, not ",
                       options.clusters));
  }
  const auto print = options.format == Format::kJsonLines ? print_json_lines : print_text;
  print(clusters, records);
}

}  // namespace

void run_cluster(const Arguments& arguments, Backend& backend) {
  ClusterOptions options;
  OptionParser parser(kHelp, {});
  add_fields(parser, options);
  add_fields(parser, options.encoding);
  parser.require("model");
  if (!parser.parse(arguments)) return;
  check(options);
  backend.run(options.encoding, [&](Models& models) { cluster(options, models); });
}

}  // namespace sbert
