#include "sbert/mine/negative_filter.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_set>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/option_checks.h"
#include "sbert/base/random.h"
#include "sbert/mine/near_duplicate.h"

namespace sbert {
namespace {

constexpr std::array<std::string_view, kNumFilterRules> kNames{
    "positive",  "same_id",   "absolute_margin", "relative_margin", "topk_percpos", "topk_abs",
    "max_score", "min_score", "same_text",       "near_duplicate",  "repeated"};

void check_finite(std::string_view key, const std::optional<double>& value) {
  if (value && !std::isfinite(*value)) {
    fail(ErrorKind::kUsage, concat(key, " must be a finite number: ", *value));
  }
}

template <typename Values, typename Value>
bool contains(const Values& values, const Value& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

// The rules on ids and scores. Scores are compared in single precision, as they are computed.
class CheapRules {
 public:
  CheapRules(const KnownAnswers& known, const FilterOptions& options)
      : known_(known), options_(options) {}

  std::optional<FilterRule> drops(const Candidate& candidate, const Documents& documents) const {
    if (contains(known_.rows, candidate.row)) return FilterRule::kPositive;
    if (!known_.id_keys.empty()) {
      const std::uint64_t key = documents.id_key(candidate.row);
      if (key != 0 && contains(known_.id_keys, key)) return FilterRule::kSameId;
    }
    return drops_score(candidate.score);
  }

 private:
  static bool is_above(float score, const std::optional<double>& limit) {
    return limit && score > static_cast<float>(*limit);
  }

  std::optional<FilterRule> drops_score(float score) const {
    const float lowest = known_.lowest_score;
    if (std::isfinite(lowest)) {
      if (options_.absolute_margin &&
          score + static_cast<float>(*options_.absolute_margin) > lowest) {
        return FilterRule::kAbsoluteMargin;
      }
      if (options_.relative_margin &&
          score > lowest - std::abs(lowest) * static_cast<float>(*options_.relative_margin)) {
        return FilterRule::kRelativeMargin;
      }
      if (options_.topk_percpos && score > lowest * static_cast<float>(*options_.topk_percpos)) {
        return FilterRule::kTopkPercpos;
      }
    }
    if (is_above(score, options_.topk_abs)) return FilterRule::kTopkAbs;
    if (is_above(score, options_.max_score)) return FilterRule::kMaxScore;
    if (options_.min_score && score < static_cast<float>(*options_.min_score)) {
      return FilterRule::kMinScore;
    }
    return std::nullopt;
  }

  const KnownAnswers& known_;
  const FilterOptions& options_;
};

// The rules on texts; remembers the texts that passed.
class TextRules {
 public:
  TextRules(const KnownAnswers& known, double near_duplicate) : near_duplicate_(near_duplicate) {
    known_words_.insert(sketch_of(known.question).words_key);
    for (const std::string& text : known.texts) {
      positives_.push_back(sketch_of(text));
      known_words_.insert(positives_.back().words_key);
    }
  }

  std::optional<FilterRule> drops(const std::string& text) {
    const TextSketch sketch = sketch_of(text);
    if (known_words_.contains(sketch.words_key)) return FilterRule::kSameText;
    if (near_duplicate_ > 0) {
      for (const TextSketch& positive : positives_) {
        if (resemblance(sketch, positive) >= near_duplicate_) return FilterRule::kNearDuplicate;
      }
    }
    if (!passed_words_.insert(sketch.words_key).second) return FilterRule::kRepeated;
    return std::nullopt;
  }

 private:
  double near_duplicate_;
  std::vector<TextSketch> positives_;
  std::unordered_set<std::uint64_t> known_words_;
  std::unordered_set<std::uint64_t> passed_words_;
};

// `count` of the values, drawn without replacement, in their order.
std::vector<Candidate> draw(const std::vector<Candidate>& values,
                            std::size_t count,
                            std::uint64_t key) {
  std::vector<std::size_t> places(values.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  count = std::min(count, values.size());
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t left = places.size() - i;
    std::swap(places[i], places[i + derive_key(key, i) % left]);
  }
  places.resize(count);
  std::sort(places.begin(), places.end());
  std::vector<Candidate> drawn;
  for (const std::size_t place : places)
    drawn.push_back(values[place]);
  return drawn;
}

}  // namespace

std::string_view name_of(FilterRule rule) {
  return kNames.at(static_cast<std::size_t>(rule));
}

void FilterOptions::validate() const {
  // Far more than is of use, and far from where sums overflow.
  constexpr std::int64_t kMost = 1'000'000;
  check_at_least("num_negatives", num_negatives, 1);
  check_at_least("range_min", range_min, 0);
  check_at_least("range_max", range_max, 0);
  for (const auto& [key, value] : {std::pair{"num_negatives", num_negatives},
                                   {"range_min", range_min},
                                   {"range_max", range_max}}) {
    if (value > kMost)
      fail(ErrorKind::kUsage, concat(key, " must be at most ", kMost, ": ", value));
  }
  if (range_max > 0 && range_max - range_min < num_negatives) {
    fail(ErrorKind::kUsage, concat("range_max must be at least range_min + num_negatives (",
                                   range_min + num_negatives, "), or 0: ", range_max));
  }
  check_finite("max_score", max_score);
  check_finite("min_score", min_score);
  check_finite("absolute_margin", absolute_margin);
  check_finite("relative_margin", relative_margin);
  check_finite("topk_percpos", topk_percpos);
  check_finite("topk_abs", topk_abs);
  if (!(near_duplicate >= 0 && near_duplicate <= 1)) {
    fail(ErrorKind::kUsage, concat("near_duplicate must be from 0 to 1: ", near_duplicate));
  }
}

std::int64_t FilterOptions::last_rank(std::int64_t max_positives) const {
  return range_max > 0 ? range_max : range_min + 10 * num_negatives + max_positives;
}

Selection select_negatives(std::span<const Candidate> candidates,
                           const KnownAnswers& known,
                           const Documents& documents,
                           const FilterOptions& options,
                           std::int64_t last_rank,
                           std::uint64_t key) {
  Selection selection;
  const auto wanted =
      static_cast<std::size_t>(options.sampling == Sampling::kTop
                                   ? std::min(last_rank, options.range_min + options.num_negatives)
                                   : last_rank);
  const CheapRules cheap_rules(known, options);
  TextRules text_rules(known, options.near_duplicate);
  std::vector<Candidate> passed;
  for (const Candidate& candidate : candidates) {
    std::optional<FilterRule> rule = cheap_rules.drops(candidate, documents);
    if (!rule && passed.size() < wanted) {
      rule = text_rules.drops(documents.text(candidate.row));
      if (!rule) passed.push_back(candidate);
    }
    if (rule) ++selection.dropped[static_cast<std::size_t>(*rule)];
  }
  const auto skipped = std::min(passed.size(), static_cast<std::size_t>(options.range_min));
  passed.erase(passed.begin(), passed.begin() + static_cast<std::ptrdiff_t>(skipped));
  selection.negatives = draw(passed, static_cast<std::size_t>(options.num_negatives), key);
  return selection;
}

}  // namespace sbert
