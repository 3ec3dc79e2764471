#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "sbert/data/split.h"

namespace sbert {

/// What one mining found: for each record of the training files rows of the TrainingPool, the
/// hardest first. Records that do not train have none.
struct MinedNegatives {
  std::int64_t step = 0;               ///< the update that it was done before
  std::vector<std::int64_t> first{0};  ///< [records + 1] where each record's rows begin
  std::vector<RowNumber> rows{};

  std::int64_t num_records() const { return static_cast<std::int64_t>(first.size()) - 1; }
  std::span<const RowNumber> of(std::int64_t record) const;

  friend bool operator==(const MinedNegatives&, const MinedNegatives&) = default;
};

/// The share of negatives that `before` does not have for the same record; all of them without
/// one. 0 if there are none.
double share_changed(const MinedNegatives& now, const MinedNegatives* before);

/// Writes a safetensors file (format "sbert-mined-negatives", version 1), whole or not at all.
/// @param fingerprint of the run's data and options
/// @throws Error(kIo)
void save_mined_negatives(const std::filesystem::path& path,
                          const MinedNegatives& mined,
                          const std::string& fingerprint);

/// What a file must be to be of use to a run.
struct MinedNegativesOf {
  std::string fingerprint{};
  std::int64_t step = 0;
  std::int64_t num_records = 0;
  std::int64_t num_documents = 0;  ///< of the pool
};

/// @throws Error(kIo) if there is no such file; Error(kInput) if it is another run's, or damaged
MinedNegatives load_mined_negatives(const std::filesystem::path& path,
                                    const MinedNegativesOf& wanted);

}  // namespace sbert
