#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sbert/base/stop_token.h"

namespace sbert {

/// A line of a file of judgements: how well a document answers a query.
struct Qrel {
  std::string query;
  std::string document;
  int grade = 0;
  std::int64_t line = 0;  ///< from 1
};

/// Reads qrels/SPLIT.tsv of BEIR's layout: a header, then query id, document id and grade, with
/// tabs between; white space around each is dropped. Blank lines and a byte order mark are skipped.
/// @throws Error(kIo); Error(kInput) naming file and line: of another form, without a header, with
/// a
///         grade that is not an integer, or a pair that is judged twice; if there is no judgement
std::vector<Qrel> read_qrels(const std::filesystem::path& path, const StopToken& stop = {});

}  // namespace sbert
