#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sbert/base/worker_pool.h"
#include "sbert/eval/comparison.h"
#include "sbert/report/page.h"

namespace sbert {

struct ReportData {
  std::string title;  ///< "Retrieval on SciFact"
  Facts facts;        ///< what was measured, and how: data, number of queries, command, date
  std::vector<NamedEvaluation> evaluations;  ///< on the same data; the first is compared with
  ComparisonOptions comparison{};
};

/// The page of an evaluation: metrics of all models with intervals, curves, how the scores of pairs
/// that belong together and of others spread, the worst examples, and a map of the embeddings. What
/// an evaluation does not have is left out.
/// @throws Error as compare()
std::string evaluation_report(const ReportData& data, const ComputeContext& context);

/// Writes that page whole or not at all.
/// @throws Error(kIo)
void write_report(const std::filesystem::path& path,
                  const ReportData& data,
                  const ComputeContext& context);

}  // namespace sbert
