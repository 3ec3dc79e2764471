#include "sbert/report/mining_report.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/progress.h"
#include "sbert/report/chart.h"
#include "sbert/report/html.h"
#include "sbert/report/page.h"

namespace sbert {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostSamples = 20;
constexpr std::size_t kMostShortInPage = 200;
constexpr std::size_t kNumBins = 40;
constexpr std::size_t kSnippetBytes = 300;

struct Histogram {
  double low = 0;
  double high = 1;
  std::array<std::int64_t, kNumBins> positives{};
  std::array<std::int64_t, kNumBins> negatives{};
};

Histogram histogram_of(const std::vector<float>& positives, const std::vector<float>& negatives) {
  Histogram histogram;
  if (positives.empty()) return histogram;
  auto [low, high] = std::minmax_element(positives.begin(), positives.end());
  histogram.low = *low;
  histogram.high = *high;
  for (const float score : negatives) {
    histogram.low = std::min(histogram.low, static_cast<double>(score));
    histogram.high = std::max(histogram.high, static_cast<double>(score));
  }
  const double width = histogram.high - histogram.low;
  const auto bin_of = [&](float score) {
    const double place = width > 0 ? (score - histogram.low) / width * kNumBins : 0;
    return std::min(static_cast<std::size_t>(place), kNumBins - 1);
  };
  for (const float score : positives)
    ++histogram.positives[bin_of(score)];
  for (const float score : negatives)
    ++histogram.negatives[bin_of(score)];
  return histogram;
}

// Mean, and the scores that a share of them do not exceed.
Json distribution(std::vector<float> scores) {
  if (scores.empty()) return {{"count", 0}};
  std::sort(scores.begin(), scores.end());
  double sum = 0;
  for (const float score : scores)
    sum += score;
  const auto quantile = [&](double share) {
    return scores[static_cast<std::size_t>(share * static_cast<double>(scores.size() - 1))];
  };
  return {{"count", scores.size()},  {"mean", sum / static_cast<double>(scores.size())},
          {"min", quantile(0)},      {"p05", quantile(0.05)},
          {"median", quantile(0.5)}, {"p95", quantile(0.95)},
          {"max", quantile(1)}};
}

std::string snippet(const std::string& text) {
  if (text.size() <= kSnippetBytes) return text;
  std::size_t end = kSnippetBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;
  return text.substr(0, end) + "...";
}

std::string cell(const std::string& text) {
  return concat("<td>", escaped(text), "</td>");
}

}  // namespace

MiningReport::MiningReport(const MiningInput& input,
                           std::int64_t num_negatives,
                           std::vector<std::pair<std::string, std::string>> settings)
    : input_(input), wanted_(num_negatives), settings_(std::move(settings)) {}

MiningReport::Document MiningReport::document(const Candidate& candidate) const {
  return {candidate.score, input_.documents->id(candidate.row),
          snippet(input_.documents->text(candidate.row))};
}

void MiningReport::add(std::size_t number, const MinedQuestion& mined) {
  const MiningQuestion& question = input_.questions.at(number);
  const auto found = static_cast<std::int64_t>(mined.negatives.size());
  ++num_questions_;
  num_found_ += found;
  for (std::size_t rule = 0; rule < kNumFilterRules; ++rule)
    dropped_[rule] += mined.dropped[rule];
  positive_scores_.insert(positive_scores_.end(), mined.positive_scores.begin(),
                          mined.positive_scores.end());
  for (const Candidate& negative : mined.negatives)
    negative_scores_.push_back(negative.score);
  if (found < wanted_) short_.emplace_back(question.id, found);

  const std::size_t every = std::max<std::size_t>(input_.questions.size() / kMostSamples, 1);
  if (number % every != 0 || samples_.size() >= kMostSamples) return;
  Sample sample{.question = question.text, .id = question.id};
  for (std::size_t i = 0; i < question.positives.size(); ++i)
    sample.positives.push_back(document({question.positives[i], mined.positive_scores.at(i)}));
  for (const Candidate& negative : mined.negatives)
    sample.negatives.push_back(document(negative));
  samples_.push_back(std::move(sample));
}

std::string MiningReport::summary() const {
  std::string dropped;
  for (std::size_t rule = 0; rule < kNumFilterRules; ++rule) {
    if (dropped_[rule] == 0) continue;
    dropped += concat(dropped.empty() ? "" : ", ", name_of(static_cast<FilterRule>(rule)), " ",
                      with_thousands(dropped_[rule]));
  }
  return concat(with_thousands(num_found_), " negatives for ", with_thousands(num_questions_),
                " questions from ", with_thousands(input_.documents->size()), " documents; ",
                with_thousands(num_short()), " questions have fewer than ", wanted_,
                "\ndropped candidates: ", dropped.empty() ? "none" : dropped);
}

std::string MiningReport::json() const {
  Json report;
  for (const auto& [name, value] : settings_)
    report["settings"][name] = value;
  report["documents"] = input_.documents->size();
  report["questions"] = num_questions_;
  report["negatives"] = num_found_;
  report["positive_scores"] = distribution(positive_scores_);
  report["negative_scores"] = distribution(negative_scores_);
  const Histogram histogram = histogram_of(positive_scores_, negative_scores_);
  report["histogram"] = {{"low", histogram.low},
                         {"high", histogram.high},
                         {"positives", histogram.positives},
                         {"negatives", histogram.negatives}};
  for (std::size_t rule = 0; rule < kNumFilterRules; ++rule)
    report["dropped"][std::string(name_of(static_cast<FilterRule>(rule)))] = dropped_[rule];
  report["short"] = Json::array();
  for (const auto& [id, found] : short_)
    report["short"].push_back({{"id", id}, {"negatives", found}});
  report["samples"] = Json::array();
  for (const Sample& sample : samples_) {
    Json documents = Json::array();
    for (const bool is_positive : {true, false}) {
      for (const Document& each : is_positive ? sample.positives : sample.negatives)
        documents.push_back({{"is_positive", is_positive},
                             {"score", each.score},
                             {"id", each.id},
                             {"text", each.text}});
    }
    report["samples"].push_back(
        {{"id", sample.id}, {"question", sample.question}, {"documents", documents}});
  }
  return report.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string MiningReport::html() const {
  Facts facts = settings_;
  facts.emplace_back("documents", with_thousands(input_.documents->size()));
  facts.emplace_back("questions", with_thousands(num_questions_));
  facts.emplace_back("negatives", with_thousands(num_found_));
  const auto doubles = [](const std::vector<float>& scores) {
    return std::vector<double>(scores.begin(), scores.end());
  };
  const std::string scores = histogram(
      "scores", "score",
      {{"positives", doubles(positive_scores_)}, {"negatives", doubles(negative_scores_)}});
  return write_page({.title = "Hard negatives",
                     .facts = facts,
                     .sections = {{"Scores of positives and negatives", "", gallery(scores)},
                                  {"Candidates dropped, by rule", "", dropped_table()},
                                  {concat("Questions with fewer than ", wanted_,
                                          " negatives: ", with_thousands(num_short())),
                                   "", short_table()},
                                  {"Samples", "", sample_tables()}}});
}

std::string MiningReport::dropped_table() const {
  std::vector<std::vector<std::string>> rows;
  for (std::size_t rule = 0; rule < kNumFilterRules; ++rule)
    rows.push_back({cell(std::string(name_of(static_cast<FilterRule>(rule)))),
                    cell(with_thousands(dropped_[rule]))});
  return number_table({"rule", "candidates"}, rows);
}

std::string MiningReport::short_table() const {
  if (short_.empty()) return "";
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < std::min(short_.size(), kMostShortInPage); ++i)
    rows.push_back({cell(short_[i].first), cell(concat(short_[i].second))});
  return number_table({"question", "negatives"}, rows);
}

std::string MiningReport::sample_tables() const {
  std::string tables;
  for (const Sample& sample : samples_) {
    std::vector<std::vector<std::string>> rows;
    for (const bool is_positive : {true, false}) {
      for (const Document& each : is_positive ? sample.positives : sample.negatives) {
        rows.push_back({cell(each.text), cell(is_positive ? "positive" : "negative"),
                        cell(fixed(each.score, 4)), cell(each.id)});
      }
    }
    tables += concat("<h3>", escaped(sample.question), "</h3>\n",
                     number_table({"document", "kind", "score", "id"}, rows));
  }
  return tables;
}

}  // namespace sbert
