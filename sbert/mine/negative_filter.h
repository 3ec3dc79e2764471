#pragma once

// From the documents that are found for a question to its hard negatives: rules that drop what may
// be an answer after all (a false negative), a window of ranks, and a choice within it.

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "sbert/base/enum_names.h"
#include "sbert/base/field.h"
#include "sbert/mine/documents.h"

namespace sbert {

/// A document that may become a negative, and its similarity to the question.
struct Candidate {
  std::int64_t row = 0;
  float score = 0;

  friend bool operator==(const Candidate&, const Candidate&) = default;
};

/// Why a candidate is dropped; the first rule that holds, in this order.
enum class FilterRule {
  kPositive,        ///< it is a positive of the question
  kSameId,          ///< it has the id of a positive, or of the question
  kAbsoluteMargin,  ///< score > lowest positive - absolute_margin
  kRelativeMargin,  ///< score > lowest positive - |lowest positive| * relative_margin
  kTopkPercpos,     ///< score > lowest positive * topk_percpos
  kTopkAbs,         ///< score > topk_abs
  kMaxScore,        ///< score > max_score
  kMinScore,        ///< score < min_score
  kSameText,        ///< the words of a positive, or of the question, in the same order
  kNearDuplicate,   ///< resembles a positive as much as near_duplicate says
  kRepeated,        ///< the words of a better negative of the question
};
inline constexpr std::size_t kNumFilterRules = 11;

/// As reports name it: "topk_percpos".
std::string_view name_of(FilterRule rule);

/// How negatives are taken from the candidates that are left.
enum class Sampling {
  kTop,     ///< the best
  kRandom,  ///< any, by the seed
};
constexpr auto enum_names(Sampling) {
  return std::to_array<EnumName<Sampling>>(
      {{"top", Sampling::kTop}, {"random", Sampling::kRandom}});
}

/// A "lowest positive" is the lowest score among a question's positives.
struct FilterOptions {
  std::int64_t num_negatives = 4;
  std::int64_t range_min = 0;
  std::int64_t range_max = 0;
  Sampling sampling = Sampling::kTop;
  std::optional<double> max_score{};
  std::optional<double> min_score{};
  std::optional<double> absolute_margin{};
  std::optional<double> relative_margin{};
  std::optional<double> topk_percpos{};
  std::optional<double> topk_abs{};
  double near_duplicate = 0.8;

  static constexpr auto fields() {
    using Self = FilterOptions;
    return std::tuple{
        field("num_negatives", &Self::num_negatives, "negatives for each question"),
        field("range_min", &Self::range_min,
              "best candidates left out, of those that pass the filters"),
        field("range_max", &Self::range_max,
              "rank of the last candidate that may be taken; 0: range_min + 10 * num_negatives and "
              "the most positives of a question"),
        field("sampling", &Self::sampling, "top: the best of the window; random: any of it"),
        field("max_score", &Self::max_score, "drop candidates with a higher score"),
        field("min_score", &Self::min_score, "drop candidates with a lower score"),
        field("absolute_margin", &Self::absolute_margin,
              "drop candidates above the question's lowest positive minus this"),
        field("relative_margin", &Self::relative_margin,
              "drop candidates above the lowest positive minus this share of it"),
        field("topk_percpos", &Self::topk_percpos,
              "drop candidates above this share of the lowest positive (NeMo Curator: 0.95)"),
        field("topk_abs", &Self::topk_abs,
              "drop candidates above this score (NeMo Curator's max_hardness_threshold)"),
        field("near_duplicate", &Self::near_duplicate,
              "drop candidates that share this part of their 5-grams with a positive; 0: keep"),
    };
  }

  /// @throws Error(kUsage) naming the key
  void validate() const;
  /// The rank after the last one that may be taken.
  /// @param max_positives the most that a question has
  std::int64_t last_rank(std::int64_t max_positives) const;
};

/// What is known to answer a question, so that it must not come out as a negative.
struct KnownAnswers {
  std::vector<std::int64_t> rows{};      ///< positives that are among the documents
  std::vector<std::uint64_t> id_keys{};  ///< bytes_key() of their ids, and of the question's
  std::vector<std::string> texts{};      ///< the positives'
  std::string question{};
  /// The least similarity of a positive; without positives no margin drops anything.
  float lowest_score = std::numeric_limits<float>::infinity();
};

using RuleCounts = std::array<std::int64_t, kNumFilterRules>;

struct Selection {
  std::vector<Candidate> negatives{};  ///< in the order of the candidates
  RuleCounts dropped{};                ///< candidates by FilterRule
};

/// Chooses negatives. Texts are fetched one after another until enough candidates have passed, so
/// the rules from kSameText on count only what was looked at.
///
/// @param candidates best first, no row twice
/// @param last_rank  FilterOptions::last_rank()
/// @param key        of the random choice: derive_key(seed, ..., question)
Selection select_negatives(std::span<const Candidate> candidates,
                           const KnownAnswers& known,
                           const Documents& documents,
                           const FilterOptions& options,
                           std::int64_t last_rank,
                           std::uint64_t key);

}  // namespace sbert
