#include "sbert/eval/retrieval_task.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/draws.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/eval/document_ranking.h"
#include "sbert/eval/evaluation_samples.h"
#include "sbert/eval/vector_similarity.h"

namespace sbert {
namespace {

constexpr std::size_t kShownDocuments = 3;
// Documents of a block that are drawn for each query, to show how near those are that are no
// answer.
constexpr std::int64_t kDrawnDocuments = 10;

using Grades = std::unordered_map<std::int64_t, int>;

Grades grades_of(const std::vector<Judgement>& judgements) {
  Grades grades;
  for (const Judgement& judgement : judgements)
    grades[judgement.document] = judgement.grade;
  return grades;
}

JudgedRanking judge(const std::vector<Hit>& hits, const std::vector<Judgement>& judgements) {
  const Grades grades = grades_of(judgements);
  JudgedRanking judged;
  for (const auto& [document, grade] : grades)
    judged.judged.push_back(grade);
  for (const Hit& hit : hits) {
    const auto found = grades.find(hit.row);
    judged.ranked.push_back(found == grades.end() ? 0 : found->second);
  }
  return judged;
}

std::string_view word(std::string_view id) {
  if (id.empty() || id.find_first_of(" \t\n\v\f\r") != std::string_view::npos) {
    fail(ErrorKind::kInput, concat("an id of a TREC run must be one word: \"", id, "\""));
  }
  return id;
}

// For each query the row of the document that has its id, -1 for none; empty if no query has one.
std::vector<std::int64_t> rows_of_identical_ids(const RetrievalData& data) {
  std::unordered_map<std::string_view, std::size_t> queries;
  for (std::size_t q = 0; q < data.query_ids.size(); ++q)
    queries.emplace(data.query_ids[q], q);
  std::vector<std::int64_t> rows;
  for (std::size_t row = 0; row < data.document_ids.size(); ++row) {
    const auto query = queries.find(data.document_ids[row]);
    if (query == queries.end()) continue;
    rows.resize(data.query_ids.size(), -1);
    rows[query->second] = static_cast<std::int64_t>(row);
  }
  return rows;
}

std::string identical_ids_warning(const RetrievalData& data,
                                  const std::vector<std::int64_t>& rows,
                                  IdenticalIds treatment) {
  std::int64_t identical = 0;
  std::int64_t relevant = 0;
  for (std::size_t q = 0; q < rows.size(); ++q) {
    if (rows[q] < 0) continue;
    ++identical;
    const std::vector<Judgement>& judged = data.judgements[q];
    relevant += std::any_of(judged.begin(), judged.end(), [&](const Judgement& judgement) {
      return judgement.document == rows[q] && judgement.grade >= 1;
    });
  }
  const bool ignores = treatment == IdenticalIds::kIgnore;
  const std::string answers =
      relevant > 0 ? concat(" (for ", relevant, " of them it is judged relevant)") : "";
  return concat("queries whose id a document has too: ", identical, " of ", rows.size(),
                ignores ? "; that document is not ranked for the query, as BEIR and MTEB do it"
                        : "; that document is ranked for the query as any other",
                answers, "; --identical-ids ", ignores ? "keep ranks it" : "ignore leaves it out");
}

// Samples of what goes by, for the report.
class BlockSampler {
 public:
  /// @param left_out as of RankingOptions
  BlockSampler(const RetrievalData& data,
               const std::vector<std::int64_t>& left_out,
               Similarity similarity,
               Evaluation& evaluation)
      : similarity_(similarity), evaluation_(evaluation), draws_(0) {
    for (const std::vector<Judgement>& judgements : data.judgements)
      grades_.push_back(grades_of(judgements));
    // What is left out is neither an answer nor a document that is no answer.
    for (std::size_t q = 0; q < left_out.size(); ++q)
      if (left_out[q] >= 0) grades_[q][left_out[q]] = 0;
    const auto documents = static_cast<std::int64_t>(data.documents.size());
    const std::vector<std::int64_t> rows = sample_of(documents, kMappedTexts / 2);
    mapped_.insert(mapped_.end(), rows.begin(), rows.end());
  }

  void see(const DocumentBlock& block) {
    if (evaluation_.map_embeddings.rows == 0) map_queries(block.queries);
    number_rows(block.rows);
    for (std::int64_t i = 0; i < block.documents.rows; ++i) {
      const std::int64_t row = block.rows[static_cast<std::size_t>(i)];
      if (std::binary_search(mapped_.begin(), mapped_.end(), row))
        add_to_map(block.documents.row(i), "document");
    }
    for (std::int64_t q = 0; q < block.queries.rows; ++q)
      sample_scores_of(block, q);
  }

 private:
  void map_queries(const FloatMatrix& queries) {
    evaluation_.map_embeddings.columns = queries.columns;
    for (const std::int64_t row : sample_of(queries.rows, kMappedTexts / 2))
      add_to_map(queries.row(row), "query");
  }

  void add_to_map(std::span<const float> row, const char* label) {
    FloatMatrix& map = evaluation_.map_embeddings;
    map.values.insert(map.values.end(), row.begin(), row.end());
    ++map.rows;
    evaluation_.map_labels.emplace_back(label);
  }

  void sample_scores_of(const DocumentBlock& block, std::int64_t q) {
    const Grades& grades = grades_[static_cast<std::size_t>(q)];
    const auto add = [&](std::vector<double>& scores, std::int64_t i) {
      if (scores.size() >= static_cast<std::size_t>(kReportedScores)) return;
      scores.push_back(nearness(similarity_, block.queries.row(q), block.documents.row(i)));
    };
    for (std::int64_t drawn = 0; drawn < kDrawnDocuments; ++drawn) {
      const std::int64_t i = draws_.below(block.documents.rows);
      if (!grades.contains(block.rows[static_cast<std::size_t>(i)]))
        add(evaluation_.negative_scores, i);
    }
    for (const auto& [row, grade] : grades) {
      const auto place = places_.find(row);
      if (grade >= 1 && place != places_.end()) add(evaluation_.positive_scores, place->second);
    }
  }

  void number_rows(const std::vector<std::int64_t>& rows) {
    places_.clear();
    for (std::size_t i = 0; i < rows.size(); ++i)
      places_[rows[i]] = static_cast<std::int64_t>(i);
  }

  Similarity similarity_;
  Evaluation& evaluation_;
  Draws draws_;
  std::vector<Grades> grades_;
  std::vector<std::int64_t> mapped_;
  std::unordered_map<std::int64_t, std::int64_t> places_;  // in the block, of its corpus rows
};

Curve curve_of(std::string_view name,
               double (*measure)(const JudgedRanking&, std::int64_t),
               const std::vector<JudgedRanking>& queries,
               std::int64_t depth) {
  Curve curve{concat(name, "@k"), "k", {}};
  for (const std::int64_t k : {1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 200, 300, 500, 1'000}) {
    if (k > depth) break;
    double sum = 0;
    for (const JudgedRanking& query : queries)
      sum += measure(query, k);
    curve.points.push_back({static_cast<double>(k), sum / static_cast<double>(queries.size())});
  }
  return curve;
}

// "ndcg@10", or of the largest k if 10 is not measured.
std::string main_metric_of(const std::vector<std::int64_t>& cutoffs) {
  const bool has_ten = std::find(cutoffs.begin(), cutoffs.end(), 10) != cutoffs.end();
  return concat("ndcg@", has_ten ? 10 : *std::max_element(cutoffs.begin(), cutoffs.end()));
}

void add_worst(const RetrievalData& data,
               const std::vector<std::size_t>& queries,
               const std::vector<std::vector<Hit>>& rankings,
               Evaluation& evaluation) {
  const auto main =
      std::find_if(evaluation.item_metrics.begin(), evaluation.item_metrics.end(),
                   [&](const ItemMetric& item) { return item.name == evaluation.main_metric; });
  for (const std::size_t item : lowest(main->values)) {
    const std::size_t query = queries[item];
    const std::vector<Judgement>& judgements = data.judgements[query];
    const auto best =
        std::max_element(judgements.begin(), judgements.end(),
                         [](const Judgement& a, const Judgement& b) { return a.grade < b.grade; });
    BadExample example{.text = data.queries[query],
                       .expected = data.documents[static_cast<std::size_t>(best->document)],
                       .score = main->values[item]};
    const std::vector<Hit>& hits = rankings[query];
    for (std::size_t i = 0; i < std::min(hits.size(), kShownDocuments); ++i)
      example.found.push_back(data.documents[static_cast<std::size_t>(hits[i].row)]);
    evaluation.worst.push_back(std::move(example));
  }
}

void check_cutoffs(const std::vector<std::int64_t>& cutoffs) {
  if (cutoffs.empty()) fail(ErrorKind::kUsage, "a cutoff is missing");
  const std::int64_t least = *std::min_element(cutoffs.begin(), cutoffs.end());
  if (least < 1) fail(ErrorKind::kUsage, concat("a metric's cutoff must be at least 1: ", least));
}

}  // namespace

Evaluation evaluate_retrieval(const RoleEmbedder& source,
                              const RetrievalData& data,
                              const RetrievalOptions& options) {
  check_cutoffs(options.cutoffs);
  Evaluation evaluation{.task = "retrieval",
                        .main_metric = main_metric_of(options.cutoffs),
                        .warnings = data.warnings};
  const std::int64_t depth = *std::max_element(options.cutoffs.begin(), options.cutoffs.end());
  std::vector<std::int64_t> left_out = rows_of_identical_ids(data);
  if (!left_out.empty()) {
    const IdenticalIds treatment = options.identical_ids.value_or(
        options.mode == RetrievalMode::kTrec ? IdenticalIds::kIgnore : IdenticalIds::kKeep);
    evaluation.warnings.push_back(identical_ids_warning(data, left_out, treatment));
    if (treatment == IdenticalIds::kKeep) left_out.clear();
  }
  BlockSampler sampler(data, left_out, source.similarity(), evaluation);
  const std::vector<std::vector<Hit>> rankings =
      rank_documents(source, data,
                     {.depth = depth,
                      .mode = options.mode,
                      .left_out = std::move(left_out),
                      .block_documents = options.block_documents,
                      .memory_bytes = options.memory_bytes},
                     [&](const DocumentBlock& block) { sampler.see(block); });
  if (!options.run_file.empty()) write_trec_run(options.run_file, data, rankings, "sbert");

  std::vector<JudgedRanking> judged;
  std::vector<std::size_t> queries;  // those that are measured
  for (std::size_t i = 0; i < rankings.size(); ++i) {
    JudgedRanking ranking = judge(rankings[i], data.judgements[i]);
    if (!has_relevant_document(ranking)) continue;
    judged.push_back(std::move(ranking));
    queries.push_back(i);
    evaluation.item_ids.push_back(data.query_ids[i]);
  }
  if (judged.empty()) fail(ErrorKind::kInput, "no query has a relevant document");
  evaluation.counts = {{"queries", static_cast<std::int64_t>(judged.size())},
                       {"documents", static_cast<std::int64_t>(data.documents.size())}};
  evaluation.item_metrics = retrieval_item_metrics(judged, options.cutoffs, options.mode);
  evaluation.metrics = means_of(evaluation.item_metrics);
  evaluation.curves.push_back(curve_of("recall", recall, judged, depth));
  evaluation.curves.push_back(curve_of("precision", precision, judged, depth));
  add_worst(data, queries, rankings, evaluation);
  return evaluation;
}

void write_trec_run(const std::filesystem::path& path,
                    const RetrievalData& data,
                    const std::vector<std::vector<Hit>>& rankings,
                    const std::string& tag) {
  AtomicFile file(path);
  for (std::size_t i = 0; i < rankings.size(); ++i) {
    const std::string_view query = word(data.query_ids[i]);
    std::string lines;
    std::int64_t rank = 0;
    for (const Hit& hit : rankings[i]) {
      const std::string_view document = word(data.document_ids[static_cast<std::size_t>(hit.row)]);
      lines += concat(query, " Q0 ", document, " ", ++rank, " ", hit.score, " ", tag, "\n");
    }
    file.write(lines);
  }
  file.commit();
}

}  // namespace sbert
