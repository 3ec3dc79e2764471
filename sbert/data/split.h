#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sbert {

/// The number of a record or a row. Four bytes: ten million shuffled rows are 40 MB.
using RowNumber = std::uint32_t;

/// Which records of a file train and which validate, in the order of use.
struct Split {
  std::vector<RowNumber> train;
  std::vector<RowNumber> validation;
};

/// NeMo's split: the records are shuffled by Python's random.shuffle with seed 42, and the last
/// `evaluation_sample_size` validate. 0 leaves all records to training.
/// @throws Error(kUsage) naming the key if it is negative, or not less than `num_records`;
///         Error(kInput) for more than 4,294,967,295 records
Split split_records(std::int64_t num_records, std::int64_t evaluation_sample_size);

/// The order in which an epoch (from 0) uses the rows that train: `train` as it is in epoch 0,
/// shuffled anew by (seed, epoch) in each later one. It depends on nothing else, so that any
/// position of a run can be reached from the number of samples consumed.
std::vector<RowNumber> epoch_order(std::span<const RowNumber> train,
                                   std::uint64_t seed,
                                   std::int64_t epoch);

/// The numbers below `size` in an order that is a function of the key, each as likely.
std::vector<RowNumber> permutation(RowNumber size, std::uint64_t key);

}  // namespace sbert
