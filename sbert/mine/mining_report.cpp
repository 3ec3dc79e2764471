#include "sbert/mine/mining_report.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/progress.h"

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

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string svg(const Histogram& histogram) {
  constexpr double kWidth = 640;
  constexpr double kHeight = 160;
  std::int64_t most = 1;
  for (std::size_t i = 0; i < kNumBins; ++i)
    most = std::max({most, histogram.positives[i], histogram.negatives[i]});
  std::string out = concat("<svg viewBox=\"0 0 ", kWidth, " ", kHeight + 20,
                           "\" role=\"img\" aria-label=\"scores of positives and negatives\">\n");
  const double step = kWidth / kNumBins;
  for (const bool is_positive : {false, true}) {
    for (std::size_t i = 0; i < kNumBins; ++i) {
      const std::int64_t count = is_positive ? histogram.positives[i] : histogram.negatives[i];
      const double height = kHeight * static_cast<double>(count) / static_cast<double>(most);
      out += concat("<rect class=\"", is_positive ? "p" : "n", "\" x=\"",
                    fixed(static_cast<double>(i) * step, 1), "\" y=\"", fixed(kHeight - height, 1),
                    "\" width=\"", fixed(step - 1, 1), "\" height=\"", fixed(height, 1), "\"/>\n");
    }
  }
  return out + concat("<text x=\"0\" y=\"", kHeight + 16, "\">", fixed(histogram.low, 2),
                      "</text><text x=\"", kWidth, "\" y=\"", kHeight + 16,
                      "\" text-anchor=\"end\">", fixed(histogram.high, 2), "</text></svg>\n");
}

constexpr std::string_view kPageHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Hard negatives</title><style>
body{font:15px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse}td,th{padding:.15rem .8rem .15rem 0;text-align:left;vertical-align:top}
td.r{text-align:right;font-variant-numeric:tabular-nums}svg{width:100%}svg text{font-size:12px}
.p{fill:#2a7f3f;fill-opacity:.6}.n{fill:#c0392b;fill-opacity:.6}
</style></head><body>
<h1>Hard negatives</h1>
)";

std::string row(std::string_view name, std::string_view value) {
  return concat("<tr><td>", escaped(name), "</td><td class=\"r\">", escaped(value), "</td></tr>\n");
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
  std::string page(kPageHead);
  page += "<table>\n";
  for (const auto& [name, value] : settings_)
    page += row(name, value);
  page += row("documents", with_thousands(input_.documents->size()));
  page += row("questions", with_thousands(num_questions_));
  page += row("negatives", with_thousands(num_found_));
  page += "</table>\n<h2>Scores of positives (green) and negatives (red)</h2>\n";
  page += svg(histogram_of(positive_scores_, negative_scores_));
  page += "<h2>Candidates dropped, by rule</h2>\n<table>\n";
  for (std::size_t rule = 0; rule < kNumFilterRules; ++rule)
    page += row(name_of(static_cast<FilterRule>(rule)), with_thousands(dropped_[rule]));
  page += concat("</table>\n<h2>Questions with fewer than ", wanted_,
                 " negatives: ", with_thousands(num_short()), "</h2>\n<table>\n");
  for (std::size_t i = 0; i < std::min(short_.size(), kMostShortInPage); ++i)
    page += row(short_[i].first, concat(short_[i].second));
  page += "</table>\n<h2>Samples</h2>\n";
  for (const Sample& sample : samples_) {
    page += concat("<h3>", escaped(sample.question), "</h3>\n<table>\n");
    for (const bool is_positive : {true, false}) {
      for (const Document& each : is_positive ? sample.positives : sample.negatives) {
        page += concat("<tr><td>", is_positive ? "positive" : "negative", "</td><td class=\"r\">",
                       fixed(each.score, 4), "</td><td>", escaped(each.id), "</td><td>",
                       escaped(each.text), "</td></tr>\n");
      }
    }
    page += "</table>\n";
  }
  return page + "</body></html>\n";
}

}  // namespace sbert
