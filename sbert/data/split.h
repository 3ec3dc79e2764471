#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sbert {

/// Which rows of a file train and which validate, in the order of use.
struct Split {
  std::vector<std::int64_t> train;
  std::vector<std::int64_t> validation;
};

/// NeMo's split: the rows are shuffled by Python's random.shuffle with seed 42, and the last
/// `evaluation_sample_size` validate. 0 leaves all rows to training.
/// @throws Error(kUsage) naming the key if it is negative, or not less than `num_rows`
Split split_rows(std::int64_t num_rows, std::int64_t evaluation_sample_size);

/// The order in which an epoch (from 0) uses the rows that train: `train` as it is in epoch 0,
/// shuffled anew by (seed, epoch) in each later one. It depends on nothing else, so that any
/// position of a run can be reached from the number of samples consumed.
std::vector<std::int64_t> epoch_order(std::span<const std::int64_t> train,
                                      std::uint64_t seed,
                                      std::int64_t epoch);

}  // namespace sbert
