#include "sbert/data/distinct_batches.h"

#include <algorithm>
#include <unordered_set>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

// The keys are hashes already.
struct KeyItself {
  std::size_t operator()(std::uint64_t key) const { return key; }
};
using KeySet = std::unordered_set<std::uint64_t, KeyItself>;

class Batch {
 public:
  explicit Batch(std::size_t size) : size_(size) {
    questions_.reserve(size);
    positives_.reserve(size);
  }

  bool has_room() const { return rows_.size() < size_; }

  bool fits(const RowKeys& row) const {
    if (questions_.contains(row.question) || positives_.contains(row.positive) ||
        is_document(row.question_as_document) || negatives_.contains(row.positive) ||
        is_question(row.positive)) {
      return false;
    }
    return std::none_of(row.negatives.begin(), row.negatives.end(), [&](std::uint64_t key) {
      return positives_.contains(key) || is_question(key);
    });
  }

  void add(const RowKeys& row, std::size_t number) {
    questions_.insert(row.question);
    positives_.insert(row.positive);
    negatives_.insert(row.negatives.begin(), row.negatives.end());
    if (row.question_as_document != 0) as_documents_.insert(row.question_as_document);
    rows_.push_back(number);
  }

  bool is_positive(std::uint64_t key) const { return positives_.contains(key); }
  const std::vector<std::size_t>& rows() const { return rows_; }

 private:
  bool is_document(std::uint64_t key) const {
    return positives_.contains(key) || negatives_.contains(key);
  }
  bool is_question(std::uint64_t key) const { return as_documents_.contains(key); }

  std::size_t size_;
  std::vector<std::size_t> rows_;
  KeySet questions_;
  KeySet positives_;
  KeySet negatives_;
  KeySet as_documents_;  // the questions
};

}  // namespace

Batches distinct_batches(std::span<const RowKeys> rows, std::int64_t batch_size) {
  const auto size = static_cast<std::size_t>(batch_size);
  if (rows.size() % size != 0) {
    fail(ErrorKind::kInternal, concat("rows must fill batches of ", size, ": ", rows.size()));
  }
  std::vector<Batch> batches(rows.size() / size, Batch(size));
  std::vector<std::size_t> left;
  std::size_t first_open = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    while (!batches[first_open].has_room())
      ++first_open;
    const auto place =
        std::find_if(batches.begin() + static_cast<std::ptrdiff_t>(first_open), batches.end(),
                     [&](const Batch& batch) { return batch.has_room() && batch.fits(rows[i]); });
    if (place != batches.end()) {
      place->add(rows[i], i);
    } else {
      left.push_back(i);
    }
  }

  Batches result;
  result.dropped_negatives.resize(rows.size());
  std::size_t next = 0;
  for (Batch& batch : batches) {
    const bool is_mixed = batch.has_room();
    for (; batch.has_room(); ++next)
      batch.add(rows[left[next]], left[next]);
    result.rows.push_back(batch.rows());
    if (!is_mixed) continue;
    for (const std::size_t row : batch.rows()) {
      for (std::size_t n = 0; n < rows[row].negatives.size(); ++n) {
        if (batch.is_positive(rows[row].negatives[n])) result.dropped_negatives[row].push_back(n);
      }
    }
  }
  return result;
}

}  // namespace sbert
