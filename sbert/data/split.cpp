#include "sbert/data/split.h"

#include <limits>
#include <numeric>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/random.h"
#include "sbert/data/python_random.h"

namespace sbert {
namespace {

// Fixed in NeMo, whatever model.seed says.
constexpr std::uint32_t kSplitSeed = 42;

/// A number below `bound`, each as likely as another: draws of a 64-bit counter, those above the
/// last whole multiple of `bound` thrown away.
std::uint64_t draw_below(std::uint64_t bound, std::uint64_t key, std::uint64_t& counter) {
  const std::uint64_t surplus = (0 - bound) % bound;  // 2^64 mod bound
  std::uint64_t value = derive_key(key, counter++);
  while (value < surplus)
    value = derive_key(key, counter++);
  return value % bound;
}

void shuffle(std::vector<RowNumber>& order, std::uint64_t key) {
  std::uint64_t counter = 0;
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[draw_below(i, key, counter)]);
  }
}

}  // namespace

Split split_records(std::int64_t num_records, std::int64_t evaluation_sample_size) {
  if (evaluation_sample_size < 0) {
    fail(ErrorKind::kUsage, concat("model.data.evaluation_sample_size must not be negative: ",
                                   evaluation_sample_size));
  }
  if (evaluation_sample_size >= num_records) {
    fail(ErrorKind::kUsage,
         concat("model.data.evaluation_sample_size must be less than the number of records: ",
                evaluation_sample_size, " of ", num_records));
  }
  if (num_records > std::numeric_limits<RowNumber>::max()) {
    fail(ErrorKind::kInput, concat("more than 4,294,967,295 records: ", num_records));
  }
  Split split;
  split.train = python_shuffle(static_cast<RowNumber>(num_records), kSplitSeed);
  const auto first = split.train.end() - static_cast<std::ptrdiff_t>(evaluation_sample_size);
  split.validation.assign(first, split.train.end());
  split.train.erase(first, split.train.end());
  return split;
}

std::vector<RowNumber> epoch_order(std::span<const RowNumber> train,
                                   std::uint64_t seed,
                                   std::int64_t epoch) {
  std::vector<RowNumber> order(train.begin(), train.end());
  if (epoch != 0) shuffle(order, derive_key(seed, epoch));
  return order;
}

std::vector<RowNumber> permutation(RowNumber size, std::uint64_t key) {
  std::vector<RowNumber> order(size);
  std::iota(order.begin(), order.end(), RowNumber{0});
  shuffle(order, key);
  return order;
}

}  // namespace sbert
