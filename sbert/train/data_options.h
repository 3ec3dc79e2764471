#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "sbert/base/enum_names.h"
#include "sbert/base/field.h"
#include "sbert/config/config_tree.h"
#include "sbert/data/file_patterns.h"

namespace sbert {

/// What becomes of a record that is no example.
enum class OnBadRecord { kError, kSkip };
constexpr auto enum_names(OnBadRecord) {
  return std::to_array<EnumName<OnBadRecord>>(
      {{"error", OnBadRecord::kError}, {"skip", OnBadRecord::kSkip}});
}

/// Which positives of a record train: the first; all, a row for each; each in its turn.
enum class PositiveChoice { kFirst, kAll, kRandom };
constexpr auto enum_names(PositiveChoice) {
  return std::to_array<EnumName<PositiveChoice>>({{"first", PositiveChoice::kFirst},
                                                  {"all", PositiveChoice::kAll},
                                                  {"random", PositiveChoice::kRandom}});
}

/// Which hard negatives of a record an epoch takes.
enum class NegativeChoice { kFirst, kRandom };
constexpr auto enum_names(NegativeChoice) {
  return std::to_array<EnumName<NegativeChoice>>(
      {{"first", NegativeChoice::kFirst}, {"random", NegativeChoice::kRandom}});
}

/// The order of the rows: a new one each epoch, or NeMo's, one for all.
enum class EpochOrder { kShuffle, kNemo };
constexpr auto enum_names(EpochOrder) {
  return std::to_array<EnumName<EpochOrder>>(
      {{"shuffle", EpochOrder::kShuffle}, {"nemo", EpochOrder::kNemo}});
}

/// model.data.*: what is trained on. NeMo's names where it has them.
struct DataOptions {
  FilePatterns data_prefix;
  FilePatterns data_train;
  FilePatterns data_validation;
  std::optional<std::string> index_mapping_dir;
  OnBadRecord on_bad_record = OnBadRecord::kError;
  std::int64_t evaluation_sample_size = 100;
  std::int64_t evaluation_steps = 100;
  PositiveChoice positives = PositiveChoice::kFirst;
  NegativeChoice negatives = NegativeChoice::kFirst;
  std::int64_t hard_negatives_to_train = 4;
  EpochOrder order = EpochOrder::kShuffle;
  bool no_duplicates = true;
  std::string query_prefix = "query:";
  std::string passage_prefix = "passage:";
  std::string pair_prefix;

  static constexpr auto fields() {
    using Self = DataOptions;
    return std::tuple{
        field("data_prefix", &Self::data_prefix,
              "training files: JSON, JSON Lines or .tsv; a path, a pattern, or a list of them"),
        field("data_train", &Self::data_train, "another name of data_prefix"),
        field("data_validation", &Self::data_validation,
              "files to validate on; then all of data_prefix trains"),
        field("index_mapping_dir", &Self::index_mapping_dir,
              "folder of the files' indexes; null: beside each file"),
        field("on_bad_record", &Self::on_bad_record,
              "error, or skip: count and list records that are not examples"),
        field("evaluation_sample_size", &Self::evaluation_sample_size,
              "records held out for validation, the last of the shuffled file"),
        field("evaluation_steps", &Self::evaluation_steps,
              "must not be 0; trainer.val_check_interval sets the cadence"),
        field("positives", &Self::positives,
              "first, all (a row for each), or random (each in its turn over the epochs)"),
        field("negatives", &Self::negatives,
              "first, or random: which hard negatives an epoch takes"),
        field("hard_negatives_to_train", &Self::hard_negatives_to_train,
              "most hard negatives of a question"),
        field("order", &Self::order, "shuffle: a new order each epoch; nemo: one for all"),
        field("no_duplicates", &Self::no_duplicates,
              "keep a text from being the positive of one question and a negative of another "
              "in a batch"),
        field("query_prefix", &Self::query_prefix, "put before each question"),
        field("passage_prefix", &Self::passage_prefix, "put before each document"),
        field("pair_prefix", &Self::pair_prefix,
              "put before both texts of a pair (sentence1, sentence2)"),
    };
  }

  /// The files that train: of data_prefix or data_train. The path in the shipped configurations
  /// that stands for the user's counts as none.
  const FilePatterns& training_files() const;

  /// @throws Error(kUsage) naming the key that is missing or out of range
  void validate() const;
};

/// Reads a path or pattern, a list of them, or NeMo's list of weights and paths, of which each
/// weight must be 1.
/// @throws Error(kUsage)
void read_value(const ConfigNode& node, std::string_view key, FilePatterns& value);
ConfigNode to_node(const FilePatterns& value);

}  // namespace sbert
