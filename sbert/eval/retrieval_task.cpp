#include "sbert/eval/retrieval_task.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string_view>
#include <unordered_map>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/search/similarity.h"

namespace sbert {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void sort_by_tie_order(std::vector<Hit>& hits, const RetrievalData& data, TieOrder ties) {
  if (ties == TieOrder::kRow) return;
  const auto id = [&](const Hit& hit) -> std::string_view {
    return data.document_ids[static_cast<std::size_t>(hit.row)];
  };
  std::sort(hits.begin(), hits.end(), [&](const Hit& a, const Hit& b) {
    return trec_eval_ranks_before(a.score, id(a), b.score, id(b));
  });
}

JudgedRanking judge(const std::vector<Hit>& hits, const std::vector<Judgement>& judgements) {
  std::unordered_map<std::int64_t, int> grades;
  JudgedRanking judged;
  for (const Judgement& judgement : judgements) {
    grades[judgement.document] = judgement.grade;
    judged.judged.push_back(judgement.grade);
  }
  for (const Hit& hit : hits) {
    const auto found = grades.find(hit.row);
    judged.ranked.push_back(found == grades.end() ? 0 : found->second);
  }
  return judged;
}

void check_rows(std::string_view what, const FloatMatrix& matrix, std::size_t texts) {
  if (static_cast<std::size_t>(matrix.rows) != texts) {
    fail(ErrorKind::kInput, concat(what, ": number of embeddings differs from that of texts: ",
                                   matrix.rows, " and ", texts));
  }
}

std::string_view word(std::string_view id) {
  if (id.empty() || id.find_first_of(" \t\n\v\f\r") != std::string_view::npos) {
    fail(ErrorKind::kInput, concat("an id of a TREC run must be one word: \"", id, "\""));
  }
  return id;
}

}  // namespace

RetrievalReport evaluate_retrieval(const SentenceModel& model,
                                   const RetrievalData& data,
                                   const RetrievalOptions& options) {
  const auto start = Clock::now();
  FloatMatrix queries = embed_texts(model, data.queries, options.query_embedding);
  make_similarity_a_dot_product(model, queries);
  const double query_seconds = seconds_since(start);

  const auto middle = Clock::now();
  FloatMatrix documents = embed_texts(model, data.documents, options.document_embedding);
  make_similarity_a_dot_product(model, documents);
  const double document_seconds = seconds_since(middle);

  RetrievalReport report = evaluate_retrieval(queries, documents, data, options);
  report.query_seconds = query_seconds;
  report.document_seconds = document_seconds;
  return report;
}

RetrievalReport evaluate_retrieval(const FloatMatrix& queries,
                                   const FloatMatrix& documents,
                                   const RetrievalData& data,
                                   const RetrievalOptions& options) {
  check_rows("queries", queries, data.queries.size());
  check_rows("documents", documents, data.documents.size());
  if (options.cutoffs.empty()) fail(ErrorKind::kUsage, "no cutoff of the metrics is given");
  const std::int64_t depth = *std::max_element(options.cutoffs.begin(), options.cutoffs.end());

  RetrievalReport report;
  report.num_queries = queries.rows;
  report.num_documents = documents.rows;
  const auto start = Clock::now();
  report.rankings = exact_topk(queries, documents, depth);
  report.search_seconds = seconds_since(start);

  std::vector<JudgedRanking> judged;
  for (std::size_t i = 0; i < report.rankings.size(); ++i) {
    sort_by_tie_order(report.rankings[i], data, options.ties);
    judged.push_back(judge(report.rankings[i], data.judgements[i]));
  }
  report.metrics = retrieval_metrics(judged, options.cutoffs);
  return report;
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
