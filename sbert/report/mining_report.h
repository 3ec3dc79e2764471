#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "sbert/mine/mining.h"

namespace sbert {

/// What mining did, for people to judge by: scores, what each rule dropped, questions left short of
/// negatives, and samples to look at.
class MiningReport {
 public:
  /// @param settings shown as they are: {"model", "MiniLM/"}
  MiningReport(const MiningInput& input,
               std::int64_t num_negatives,
               std::vector<std::pair<std::string, std::string>> settings);

  void add(std::size_t question, const MinedQuestion& mined);

  std::int64_t num_negatives_found() const { return num_found_; }
  std::int64_t num_short() const { return static_cast<std::int64_t>(short_.size()); }
  /// A line or two for the terminal.
  std::string summary() const;
  /// All figures; every question left short by id, twenty questions as samples.
  std::string json() const;
  /// The same as a page that needs no other file; at most 200 of the questions left short.
  std::string html() const;

 private:
  struct Document {
    float score = 0;
    std::string id;
    std::string text;
  };
  struct Sample {
    std::string question;
    std::string id;
    std::vector<Document> positives;
    std::vector<Document> negatives;
  };
  Document document(const Candidate& candidate) const;
  std::string dropped_table() const;
  std::string short_table() const;
  std::string sample_tables() const;

  const MiningInput& input_;
  std::int64_t wanted_;
  std::vector<std::pair<std::string, std::string>> settings_;
  std::int64_t num_questions_ = 0;
  std::int64_t num_found_ = 0;
  RuleCounts dropped_{};
  std::vector<float> positive_scores_;
  std::vector<float> negative_scores_;
  std::vector<std::pair<std::string, std::int64_t>> short_;  // id, negatives found
  std::vector<Sample> samples_;
};

}  // namespace sbert
