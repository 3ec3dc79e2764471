#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "sbert/base/field.h"
#include "sbert/data/input_format.h"
#include "sbert/mine/negative_filter.h"

namespace sbert {

/// Where a question's negatives come from after a refresh, as shares; what is left of 1 is mined.
struct NegativeMix {
  double old = 0;
  double random = 0;

  static constexpr auto fields() {
    using Self = NegativeMix;
    return std::tuple{
        field("old", &Self::old, "share of negatives that the training data gives"),
        field("random", &Self::random, "share of negatives that are any documents of the pool"),
    };
  }
};

/// model.mining.*: negatives that are mined again and again with the weights in training
/// (docs/mining-in-training.md). The filters are those of `sbert mine`.
struct TrainingMiningOptions : FilterOptions {
  std::int64_t refresh_every_n_steps = 0;
  std::int64_t start_step = 0;
  std::string pool;
  std::optional<InputFormat> pool_format;
  std::int64_t max_pool = 0;
  NegativeMix mix;

  static constexpr auto fields() {
    using Self = TrainingMiningOptions;
    const auto as_own = []<typename Value>(const Field<FilterOptions, Value>& each) {
      return Field<Self, Value>{each.key, each.member, each.help};
    };
    return std::tuple_cat(
        std::tuple{
            field("refresh_every_n_steps", &Self::refresh_every_n_steps,
                  "updates between two minings of the negatives; 0: off"),
            field("start_step", &Self::start_step,
                  "update of the first mining; up to it the data's negatives are used"),
            field("pool", &Self::pool,
                  "documents to mine from: a file of texts, or a folder with corpus.jsonl; empty: "
                  "those of the training data"),
            field("pool_format", &Self::pool_format,
                  "jsonl, csv, tsv or text; null: by the pool's name and content"),
            field("max_pool", &Self::max_pool,
                  "most documents that a mining embeds, drawn anew each time; 0: all"),
            field("mix", &Self::mix, "shares of negatives that are not mined"),
        },
        std::apply([&](const auto&... each) { return std::tuple{as_own(each)...}; },
                   FilterOptions::fields()));
  }

  bool is_on() const { return refresh_every_n_steps > 0; }

  // Steps are updates from 0. A refresh at step s comes before update s.

  /// The newest refresh at or before `step`; -1 if there is none.
  std::int64_t last_refresh(std::int64_t step) const;
  /// The first refresh after `step`; the greatest number if there is none.
  std::int64_t next_refresh(std::int64_t step) const;

  /// @throws Error(kUsage) naming the key that is out of range
  void validate() const;
};

}  // namespace sbert
