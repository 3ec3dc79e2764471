#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sbert/base/worker_pool.h"
#include "sbert/data/example_set.h"
#include "sbert/mine/documents.h"

namespace sbert {

/// Finds a row by the bytes_key() of its text; 16 bytes a row. The lowest row of a key counts.
class RowsByKey {
 public:
  void add(std::uint64_t key, std::int64_t row) { entries_.emplace_back(key, row); }
  /// Call after the last add().
  void finish();
  std::optional<std::int64_t> find(std::uint64_t key) const;
  /// The rows that count, ascending.
  std::vector<std::int64_t> rows() const;

 private:
  std::vector<std::pair<std::uint64_t, std::int64_t>> entries_;
};

/// Calls visit(row, bytes_key() of its text) for every document, in order; 0 for a text of nothing
/// but white space. Texts are read on the threads of the pool.
/// @throws Error(kCancelled) once a stop is requested
void for_each_text_key(const Documents& documents,
                       const std::function<void(std::int64_t row, std::uint64_t key)>& visit,
                       const ComputeContext& context);

/// Some rows of a corpus, then further texts that it lacks.
class DocumentPool : public Documents {
 public:
  /// @param rows  of the corpus that the pool has
  DocumentPool(std::unique_ptr<Documents> corpus,
               std::vector<std::int64_t> rows,
               std::vector<std::string> further)
      : corpus_(std::move(corpus)), rows_(std::move(rows)), further_(std::move(further)) {}

  std::int64_t size() const override {
    return static_cast<std::int64_t>(rows_.size() + further_.size());
  }
  std::string text(std::int64_t row) const override;
  std::string id(std::int64_t row) const override;

 private:
  std::unique_ptr<Documents> corpus_;
  std::vector<std::int64_t> rows_;
  std::vector<std::string> further_;
};

/// The positives and negatives of training files, which stay on disk; documents of the same bytes
/// may be there several times.
class ExampleDocuments : public Documents {
 public:
  /// @throws Error(kInput) if a record has more than 65,535 documents; Error(kCancelled)
  ExampleDocuments(std::shared_ptr<const ExampleSet> examples, const StopToken& stop);

  std::int64_t size() const override { return static_cast<std::int64_t>(places_.size()); }
  std::string text(std::int64_t row) const override;

 private:
  std::shared_ptr<const ExampleSet> examples_;
  std::vector<std::uint64_t> places_;  // record * 65,536 + place in it, positives first
  mutable std::atomic<std::int64_t> reads_since_drop_ = 0;
};

}  // namespace sbert
